import type { BuildFailure, BuildResult, Message } from "esbuild";
import type { Finding } from "#mesh/istio/finding.ts";

export interface Built {
  readonly code: Uint8Array;
  /** What it was made from, relative to the repository. */
  readonly inputs: readonly string[];
}

/** Why a service cannot be bundled, with the places in its sources. */
export class BundleError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map((finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.message}`).join("\n"));
    this.findings = findings;
  }
}

interface Waiting {
  readonly entry: string;
  resolve(built: Built): void;
  reject(error: unknown): void;
}

/** The same for `mesh up` and for the images. CommonJS packages inside the bundle call `require` for Node's own modules. */
const options = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "silent",
  legalComments: "none",
  write: false,
  metafile: true,
  outdir: "out",
} as const;

/** Entries that are asked for within this time are built together: what they share is then read once, in a third of the time. */
const gatherMs = 20;
/** esbuild's process ends when nothing was built for so long. */
const idleMs = 5_000;

/** Builds entries with esbuild. */
export class BundleBuild {
  readonly #repository: string;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #building = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(repository: string) {
    this.#repository = repository;
  }

  /** @throws BundleError */
  build(entry: string): Promise<Built> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#timer ??= setTimeout(() => void this.#buildWaiting(), gatherMs);
    });
  }

  async #buildWaiting(): Promise<void> {
    const jobs = this.#waiting;
    this.#waiting = [];
    this.#timer = undefined;
    clearTimeout(this.#idle);
    this.#building++;
    await this.#buildAll(jobs);
    if (--this.#building > 0) return;
    this.#idle = setTimeout(() => void import("esbuild").then((esbuild) => esbuild.stop()), idleMs);
    this.#idle.unref();
  }

  async #buildAll(jobs: readonly Waiting[]): Promise<void> {
    try {
      const { build } = await import("esbuild");
      const entryPoints = jobs.map(({ entry }, index) => ({ in: entry, out: String(index) }));
      const all = { ...options, external: ["pg-native"], entryPoints, absWorkingDir: this.#repository };
      const result: BuildResult<{ write: false; metafile: true }> = await build(all);
      for (const [index, job] of jobs.entries()) job.resolve(builtOf(result, index));
    } catch (error) {
      const [only] = jobs;
      if (only && jobs.length === 1) only.reject(isBuildFailure(error) ? toBundleError(error, only.entry) : error);
      // One that is broken must not take the others with it.
      else await Promise.all(jobs.map((job) => this.#buildAll([job])));
    }
  }
}

function builtOf(result: BuildResult<{ write: false; metafile: true }>, index: number): Built {
  const code = result.outputFiles.find(({ path }) => path.endsWith(`/out/${index}.js`))?.contents;
  const output = result.metafile.outputs[`out/${index}.js`];
  if (!code || !output) throw new Error("esbuild has not written what it was asked for");
  return { code, inputs: Object.keys(output.inputs).filter((path) => !path.startsWith("<")) };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function toBundleError(failure: BuildFailure, entry: string): BundleError {
  return new BundleError(failure.errors.map((message) => toFinding(message, entry)));
}

function toFinding({ text, location }: Message, entry: string): Finding {
  return {
    code: "M923",
    severity: "error",
    file: location?.file ?? entry,
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    path: "",
    message: text,
    hint: location?.suggestion ?? "",
  };
}
