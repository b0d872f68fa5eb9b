import { existsSync, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface WatchEvents {
  /** YAML that says what runs or how calls are treated. */
  onConfiguration(): void;
  onSource(file: string): void;
}

const places = ["istio", "services", "mesh/service", "gen/proto", "gen/prisma", "gen/descriptors"];
const files = ["skaffold.yaml", "gen/image.binpb"];
/** An editor that empties a file before it writes it must be done: so long nothing more may happen. */
const quietMs = 15;

/**
 * Watches what the mesh is made from, by folders: an event a change, none left out, however fast they follow each other. Paths are
 * relative to the folder we stand in.
 */
export class RepositoryWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  readonly #events: WatchEvents;
  #timer: NodeJS.Timeout | undefined;

  constructor(overlays: readonly string[], events: WatchEvents) {
    this.#events = events;
    for (const place of [...places, ...overlays]) this.#addTree(resolve(place));
    for (const file of files) this.#add(dirname(resolve(file)), (path) => files.some((name) => resolve(name) === path));
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #addTree(folder: string): void {
    if (isIgnored(folder) || !existsSync(folder) || !statSync(folder).isDirectory()) return;
    this.#add(folder, (path) => {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) this.#addTree(path);
      return !isIgnored(path);
    });
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) this.#addTree(join(folder, entry.name));
    }
  }

  #add(folder: string, wants: (path: string) => boolean): void {
    if (this.#watchers.has(folder) || !existsSync(folder)) return;
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      const path = name === null ? folder : join(folder, name);
      if (wants(path)) this.#note(path);
    });
    // A folder that goes away, or too many watches: what runs goes on.
    watcher.on("error", () => {
      watcher.close();
      this.#watchers.delete(folder);
    });
    this.#watchers.set(folder, watcher);
  }

  #note(path: string): void {
    this.#changed.add(path);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), quietMs);
  }

  #tell(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    const isConfiguration = (path: string) => /\.(ya?ml|env)$/.test(path) || path.includes("/gen/descriptors/");
    for (const path of changed) if (!isConfiguration(path)) this.#events.onSource(path);
    if (changed.some(isConfiguration)) this.#events.onConfiguration();
  }
}

function isIgnored(path: string): boolean {
  return /\/(node_modules|\.git|\.mesh)(\/|$)|\.test\.ts$|\.md$|~$|\.sw[px]$/.test(path);
}
