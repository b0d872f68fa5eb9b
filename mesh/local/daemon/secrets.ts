import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** Values of Secrets that no file declares: made once, kept in the state, readable by their owner alone. */
export class Secrets {
  readonly #file: string;
  readonly #values: Record<string, string>;

  constructor(file: string) {
    this.#file = file;
    this.#values = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>) : {};
  }

  /** 24 random bytes as text that needs no escaping in a URL. */
  value(namespace: string, name: string, key: string): string {
    const id = `${namespace}/${name}/${key}`;
    const known = this.#values[id];
    if (known !== undefined) return known;
    const made = randomBytes(24).toString("base64url");
    this.#values[id] = made;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#values, null, 2), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
    return made;
  }
}
