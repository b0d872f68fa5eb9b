/**
 * A bell: `wait` ends when it rings or the time is over, whichever is first. A ring before the wait is not lost, and one ring ends all waits of the moment.
 */
export class WakeUp {
  #rung = false;
  readonly #waiting = new Set<() => void>();

  /** Whether it rang since the last wait. */
  get rung(): boolean {
    return this.#rung;
  }

  ring(): void {
    this.#rung = true;
    for (const end of this.#waiting) end();
  }

  /** @param ms at most this long */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          this.#waiting.delete(end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        this.#waiting.add(end);
      });
    }
    this.#rung = false;
  }
}
