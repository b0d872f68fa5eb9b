interface Waiting<In, Out> {
  input: In;
  readonly callers: { resolve(out: Out): void; reject(error: unknown): void }[];
}

/**
 * Runs one job at a time, always on the newest input: inputs that come while a job runs replace each other, and all who brought
 * one get the answer of the run that was made after they asked.
 */
export class Latest<In, Out> {
  readonly #work: (input: In) => Promise<Out>;
  #waiting: Waiting<In, Out> | undefined;
  #running: Promise<void> | undefined;

  constructor(work: (input: In) => Promise<Out>) {
    this.#work = work;
  }

  run(input: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting ??= { input, callers: [] };
      this.#waiting.input = input;
      this.#waiting.callers.push({ resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // What comes in the same turn belongs together.
    await Promise.resolve();
    for (let job = this.#take(); job; job = this.#take()) {
      try {
        const out = await this.#work(job.input);
        for (const { resolve } of job.callers) resolve(out);
      } catch (error) {
        for (const { reject } of job.callers) reject(error);
      }
    }
    this.#running = undefined;
  }

  #take(): Waiting<In, Out> | undefined {
    const job = this.#waiting;
    this.#waiting = undefined;
    return job;
  }
}
