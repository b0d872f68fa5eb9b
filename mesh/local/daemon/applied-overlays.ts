import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";

/** Overlays in force, in the order they were applied; they stay in force over a restart, as in a cluster. */
export class AppliedOverlays {
  readonly #file: string;
  #folders: string[];

  constructor(file: string) {
    this.#file = file;
    this.#folders = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
  }

  /** Relative to the repository; folders that are gone by now are left out. */
  get folders(): readonly string[] {
    return this.#folders.filter((folder) => existsSync(folder));
  }

  add(folder: string): void {
    const name = nameOf(folder);
    this.#write([...this.#folders.filter((other) => other !== name), name]);
  }

  /** All of them when no folder is named; returns what was removed. */
  remove(folder: string | undefined): string[] {
    const removed = folder === undefined ? this.#folders : this.#folders.filter((other) => other === nameOf(folder));
    this.#write(this.#folders.filter((other) => !removed.includes(other)));
    return removed;
  }

  #write(folders: string[]): void {
    this.#folders = folders;
    writeFileSync(`${this.#file}.new`, JSON.stringify(folders));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function nameOf(folder: string): string {
  return relative(process.cwd(), resolve(folder)) || ".";
}
