import { appendFileSync } from "node:fs";

/** The daemon's own log: one line an event, with the time. */
export class DaemonLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  note(text: string): void {
    try {
      appendFileSync(this.#file, `${new Date().toISOString()} ${text}\n`);
    } catch {
      // A full disk must not end what runs.
    }
  }
}
