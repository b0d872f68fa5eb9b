/** A bell: `wait` ends when it rings or the time is over, whichever is first. A ring before the wait is not lost. */
export class WakeUp {
  #rung = false;
  #ring: (() => void) | undefined;

  /** Whether it rang since the last wait. */
  get rung(): boolean {
    return this.#rung;
  }

  ring(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** @param ms at most this long */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#ring = undefined;
    this.#rung = false;
  }
}
