import { write, writeSync } from "node:fs";

export interface LineBufferOptions {
  /** Where the lines go. */
  readonly fd: number;
  /** A write is made when so many characters wait, or so long after the first. */
  readonly gatherChars: number;
  readonly gatherMs: number;
  /** More than this is dropped, and counted: a reader that has stopped must not cost the process its memory. */
  readonly maxChars: number;
}

const againMs = 10;

/** Log lines on their way out: one write for many, in their order, without waiting for the reader. */
export class LineBuffer {
  readonly #options: LineBufferOptions;
  #lines: string[] = [];
  #chars = 0;
  #dropped = 0;
  #writing: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #flushed: (() => void)[] = [];

  constructor(options: LineBufferOptions) {
    this.#options = options;
    process.once("exit", () => this.#flushSync());
  }

  /** For pino. @param line with its newline */
  write(line: string): void {
    if (this.#chars > this.#options.maxChars) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#writing) return;
    if (this.#chars >= this.#options.gatherChars) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.gatherMs).unref();
  }

  /** For pino's `log.flush`: calls back once everything that was written so far is out. */
  flush(done: () => void): void {
    this.#flushed.push(done);
    if (!this.#writing) this.#start();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) {
      for (const done of this.#flushed.splice(0)) done();
      return;
    }
    this.#send(this.#take());
  }

  #take(): Buffer {
    const lost = this.#dropped > 0 ? `{"level":"warn","msg":"log lines dropped","count":${this.#dropped}}\n` : "";
    const bytes = Buffer.from(this.#lines.join("") + lost);
    this.#lines = [];
    this.#chars = 0;
    this.#dropped = 0;
    return bytes;
  }

  #send(bytes: Buffer): void {
    this.#writing = bytes;
    write(this.#options.fd, bytes, (error, written) => {
      if (error?.code === "EAGAIN") return void setTimeout(() => this.#send(bytes), againMs);
      this.#writing = undefined;
      // Any other error: nobody reads any more, and there is nowhere to tell.
      if (!error && written < bytes.length) this.#send(bytes.subarray(written));
      else if (this.#flushed.length > 0 || this.#chars >= this.#options.gatherChars) this.#start();
      else if (this.#lines.length > 0) this.#timer ??= setTimeout(() => this.#start(), this.#options.gatherMs).unref();
    });
  }

  /** At the very end; what is being written may come out twice, but not too rarely. */
  #flushSync(): void {
    try {
      if (this.#writing) writeSync(this.#options.fd, this.#writing);
      if (this.#lines.length > 0) writeSync(this.#options.fd, this.#take());
    } catch {
      // Nobody reads any more.
    }
  }
}
