/** Several causes within this time make one run. */
const gatherMs = 5;

/** Work that is done after each request, one run at a time; requests that arrive during a run share the next one. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `work` must not reject. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  get idle(): boolean {
    return this.#running === undefined && this.#next === undefined;
  }

  /** Resolves when a run that began after this call is done. */
  request(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    await running;
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    const mine = this.#next;
    this.#running = mine;
    this.#next = undefined;
    await this.#work();
    if (this.#running === mine) this.#running = undefined;
  }
}
