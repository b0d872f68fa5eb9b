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
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import type { Finding } from "#mesh/istio/finding.ts";

export interface Bundle {
  /** `main.mjs`, with what it reads at run time beside it. */
  readonly main: string;
  /** Changes with anything the bundle is made from. */
  readonly hash: string;
}

/** Why a service cannot be bundled, with the places in its sources. */
export class BundleError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map((finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.message}`).join("\n"));
    this.findings = findings;
  }
}

interface Manifest {
  readonly hash: string;
  /** Modification time and size of every input, by path relative to the repository. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** How many bundles of a service are kept: replicas of the last one may still run. */
const kept = 3;
/** The build service of esbuild ends when nothing was built for so long. */
const idleMs = 5_000;

/** Bundles services, one esbuild bundle each, and keeps them until one of their inputs changes. */
export class Bundler {
  readonly #repository: string;
  readonly #folder: string;
  readonly #inputs = new Map<string, ReadonlySet<string>>();
  /** Bundles whose inputs have not changed since we looked. */
  readonly #current = new Map<string, Bundle>();
  readonly #broken = new Set<string>();
  #building = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(repository: string, folder: string) {
    this.#repository = repository;
    this.#folder = folder;
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
    const { code, inputs } = await this.#build(entry);
    const all = [...inputs, ...extras];
    this.#remember(id, all);
    const hash = hashOf(code, extras, this.#repository);
    if (!existsSync(join(folder, hash, "main.mjs"))) this.#write(join(folder, hash), code, entry);
    writeManifest(folder, { hash, inputs: this.#stampsOf(all, startedAt) });
    removeOld(folder, hash);
    return { main: join(folder, hash, "main.mjs"), hash };
  }

  #remember(id: string, inputs: readonly string[]): void {
    this.#inputs.set(id, new Set(inputs.map((path) => resolve(this.#repository, path))));
  }

  #isCurrent(manifest: Manifest, extras: readonly string[]): boolean {
    const paths = Object.keys(manifest.inputs);
    return (
      extras.every((path) => path in manifest.inputs) &&
      paths.every((path) => this.#stampOf(path) === manifest.inputs[path])
    );
  }

  /** A file that changed during the build gets a stamp that is never right, so that the next look builds again. */
  #stampsOf(paths: readonly string[], startedAt: number): Record<string, string> {
    const isNewer = (path: string) =>
      (statSync(resolve(this.#repository, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > startedAt;
    return Object.fromEntries(paths.map((path) => [path, isNewer(path) ? "changed" : this.#stampOf(path)]));
  }

  #stampOf(path: string): string {
    const stat = statSync(resolve(this.#repository, path), { throwIfNoEntry: false });
    return stat ? `${stat.mtimeMs}-${stat.size}` : "absent";
  }

  /** What a service reads at run time, beside its code (mesh/service/README.md, "The bundle"). */
  #extrasOf(entry: string): string[] {
    const migrations = globSync("migrations/**/*.{sql,toml}", { cwd: dirname(entry) }).sort();
    const paths = [...migrations.map((path) => join(dirname(entry), path)), imageOf(this.#repository)];
    return paths.filter((path) => existsSync(path)).map((path) => relative(this.#repository, path));
  }

  async #build(entry: string): Promise<{ code: Uint8Array; inputs: string[] }> {
    const esbuild = await import("esbuild");
    clearTimeout(this.#idle);
    this.#building++;
    try {
      const result = await esbuild.build({
        ...bundleOptions,
        external: [...bundleOptions.external],
        entryPoints: [entry],
        absWorkingDir: this.#repository,
        outfile: "main.mjs",
        write: false,
        metafile: true,
      });
      const code = result.outputFiles[0]?.contents ?? new Uint8Array();
      return { code, inputs: Object.keys(result.metafile.inputs).filter((path) => !path.startsWith("<")) };
    } catch (error) {
      throw isBuildFailure(error) ? new BundleError(error.errors.map((message) => toFinding(message, entry))) : error;
    } finally {
      if (--this.#building === 0) {
        this.#idle = setTimeout(() => void esbuild.stop(), idleMs);
        this.#idle.unref();
      }
    }
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

/** The same for `mesh up` and for the images. CommonJS packages inside the bundle call `require` for Node's own modules. */
export const bundleOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  external: ["pg-native"],
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "silent",
  legalComments: "none",
} as const;

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

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function toFinding(message: Message, entry: string): Finding {
  return {
    code: "M923",
    severity: "error",
    file: message.location?.file ?? entry,
    line: message.location?.line ?? 1,
    column: (message.location?.column ?? 0) + 1,
    path: "",
    message: message.text,
    hint: message.location?.suggestion ?? "",
  };
}
