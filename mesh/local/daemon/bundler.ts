import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { BundleBuild } from "./bundle-build.ts";

export interface Bundle {
  /** `main.mjs`, with what it reads at run time beside it. */
  readonly main: string;
  /** Changes with anything the bundle is made from. */
  readonly hash: string;
}

interface Manifest {
  readonly hash: string;
  /** Every input, by path relative to the repository. */
  readonly inputs: Readonly<Record<string, Input>>;
}

interface Input {
  /** Modification time and size: the same means unchanged. */
  readonly stamp: string;
  /** Decides when the stamp differs. */
  readonly digest: string;
}

/** How many bundles of a service are kept: replicas of the last one may still run. */
const kept = 3;

/** Bundles services, one esbuild bundle each, and keeps them until one of their inputs changes. */
export class Bundler {
  readonly #repository: string;
  readonly #folder: string;
  readonly #note: (text: string) => void;
  readonly #inputs = new Map<string, ReadonlySet<string>>();
  /** Bundles whose inputs have not changed since we looked. */
  readonly #current = new Map<string, Bundle>();
  readonly #broken = new Set<string>();
  readonly #build: BundleBuild;

  /** `note` is told of each build. */
  constructor(repository: string, folder: string, note: (text: string) => void = () => {}) {
    this.#repository = repository;
    this.#folder = folder;
    this.#note = note;
    this.#build = new BundleBuild(repository);
  }

  /**
   * The bundle of a service's entry; `id` names its folder.
   *
   * @throws BundleError
   */
  async bundle(id: string, entry: string): Promise<Bundle> {
    const current = this.#current.get(id);
    if (current) return current;
    this.#broken.add(id);
    const bundle = await this.#bundle(id, entry);
    this.#broken.delete(id);
    this.#current.set(id, bundle);
    return bundle;
  }

  /** A file (absolute) changed: the bundles that were made from it are looked at again. True when there are any. */
  changed(file: string): boolean {
    // What a bundle that failed would be made from is not known: any change may mend it.
    let used = this.#broken.size > 0;
    for (const [id, inputs] of this.#inputs) {
      if (!inputs.has(resolve(file))) continue;
      this.#current.delete(id);
      used = true;
    }
    return used;
  }

  async #bundle(id: string, entry: string): Promise<Bundle> {
    const folder = join(this.#folder, id.replaceAll("/", "-"));
    const extras = this.#extrasOf(entry);
    const known = readManifest(folder);
    if (known && this.#isCurrent(known, extras) && existsSync(join(folder, known.hash, "main.mjs"))) {
      this.#remember(id, Object.keys(known.inputs));
      return { main: join(folder, known.hash, "main.mjs"), hash: known.hash };
    }
    const startedAt = Date.now();
    const { code, inputs } = await this.#build.build(entry);
    const all = [...inputs, ...extras];
    this.#remember(id, all);
    const hash = hashOf(code, extras, this.#repository);
    if (!existsSync(join(folder, hash, "main.mjs"))) this.#write(join(folder, hash), code, entry);
    writeManifest(folder, { hash, inputs: this.#describe(all, startedAt) });
    removeOld(folder, hash);
    this.#note(`${id}: bundled in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    return { main: join(folder, hash, "main.mjs"), hash };
  }

  #remember(id: string, inputs: readonly string[]): void {
    this.#inputs.set(id, new Set(inputs.map((path) => resolve(this.#repository, path))));
  }

  #isCurrent(manifest: Manifest, extras: readonly string[]): boolean {
    const inputs = Object.entries(manifest.inputs);
    return (
      extras.every((path) => path in manifest.inputs) && inputs.every(([path, input]) => this.#isSame(path, input))
    );
  }

  #isSame(path: string, { stamp, digest }: Input): boolean {
    return this.#stampOf(path) === stamp || this.#digestOf(path) === digest;
  }

  /** A file that changed during the build gets a digest that is never right, so that the next look builds again. */
  #describe(paths: readonly string[], startedAt: number): Record<string, Input> {
    const isNewer = (path: string) => (this.#stat(path)?.mtimeMs ?? 0) > startedAt;
    const describe = (path: string) =>
      isNewer(path) ? { stamp: "", digest: "" } : { stamp: this.#stampOf(path), digest: this.#digestOf(path) };
    return Object.fromEntries(paths.map((path) => [path, describe(path)]));
  }

  #stat(path: string): Stats | undefined {
    return statSync(resolve(this.#repository, path), { throwIfNoEntry: false });
  }

  #stampOf(path: string): string {
    const stat = this.#stat(path);
    return stat ? `${stat.mtimeMs}-${stat.size}` : "absent";
  }

  #digestOf(path: string): string {
    if (!this.#stat(path)) return "absent";
    return createHash("sha256")
      .update(readFileSync(resolve(this.#repository, path)))
      .digest("base64")
      .slice(0, 22);
  }

  /** What a service reads at run time, beside its code (mesh/service/README.md, "The bundle"). */
  #extrasOf(entry: string): string[] {
    const migrations = globSync("migrations/**/*.{sql,toml}", { cwd: dirname(entry) }).sort();
    const paths = [...migrations.map((path) => join(dirname(entry), path)), imageOf(this.#repository)];
    return paths.filter((path) => existsSync(path)).map((path) => relative(this.#repository, path));
  }

  /** Written beside and moved into place, so that a kill leaves no half bundle. */
  #write(folder: string, code: Uint8Array, entry: string): void {
    const draft = `${folder}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, "main.mjs"), code);
    const migrations = join(dirname(entry), "migrations");
    if (existsSync(migrations)) cpSync(migrations, join(draft, "migrations"), { recursive: true });
    const image = imageOf(this.#repository);
    if (existsSync(image)) cpSync(image, join(draft, "image.binpb"));
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  }
}

function imageOf(repository: string): string {
  return join(repository, "gen", "image.binpb");
}

function hashOf(code: Uint8Array, extras: readonly string[], repository: string): string {
  const hash = createHash("sha256").update(code);
  for (const path of extras) hash.update(path).update(readFileSync(resolve(repository, path)));
  return hash.digest("hex").slice(0, 16);
}

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, "manifest.json.new"), JSON.stringify(manifest));
  renameSync(join(folder, "manifest.json.new"), join(folder, "manifest.json"));
}

function removeOld(folder: string, current: string): void {
  const others = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== current)
    .map((entry) => ({ name: entry.name, at: statSync(join(folder, entry.name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of others.slice(kept - 1)) rmSync(join(folder, name), { recursive: true, force: true });
}
