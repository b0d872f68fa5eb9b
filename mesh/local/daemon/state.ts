import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";

/** A unix socket's path has at most 107 bytes on Linux and 103 on macOS. */
const longestSocketPath = 103;
/** Names of sockets in the run folder are at most so long. */
const longestSocketName = 24;

/** Where one mesh keeps what it knows. Two meshes with different states have nothing in common but the cache of binaries. */
export interface State {
  readonly root: string;
  /** Sockets; a short path elsewhere when `root` is too deep for them. */
  readonly run: string;
  readonly controlSocket: string;
  /** Who runs the mesh: pid and start time. */
  readonly lock: string;
  readonly logs: string;
  readonly bundles: string;
  readonly processes: string;
  readonly secrets: string;
  /** Overlays that `mesh apply -k` put in force. */
  readonly applied: string;
  readonly postgres: string;
  readonly nats: string;
  /** What PersistentVolumeClaims keep: a folder `<namespace>/<claim>` each. */
  readonly volumes: string;
  /** Twelve hexadecimal digits that differ between states. */
  readonly id: string;
}

/** The paths of a state folder; nothing is made. */
export function stateAt(folder: string): State {
  const root = realPath(resolve(folder));
  const id = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const own = join(root, "run");
  const fits = Buffer.byteLength(own) + 1 + longestSocketName <= longestSocketPath;
  const run = fits ? own : join("/tmp", `mesh-${process.getuid?.() ?? 0}-${id}`);
  return {
    root,
    id,
    run,
    controlSocket: join(run, "control.sock"),
    lock: join(root, "daemon.json"),
    logs: join(root, "logs"),
    bundles: join(root, "bundles"),
    processes: join(root, "processes"),
    secrets: join(root, "secrets.json"),
    applied: join(root, "applied.json"),
    postgres: join(root, "postgres", "data"),
    nats: join(root, "nats"),
    volumes: join(root, "volumes"),
  };
}

/**
 * Makes the folders.
 *
 * @throws when the run folder exists and belongs to somebody else
 */
export function makeState(state: State): void {
  mkdirSync(state.root, { recursive: true });
  for (const folder of [state.logs, state.bundles, state.processes]) mkdirSync(folder, { recursive: true });
  mkdirSync(state.run, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(state.run);
  const isLink = lstatSync(state.run).isSymbolicLink();
  if (isLink || (process.getuid && uid !== process.getuid())) {
    throw new Error(
      `${state.run}, where the sockets go, belongs to somebody else; use a shorter path with --state DIR`,
    );
  }
  chmodSync(state.run, 0o700);
}

/** Symbolic links lead to the same state; what does not exist yet keeps its name under a parent that does. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = resolve(path, "..");
    return parent === path ? path : join(realPath(parent), path.slice(parent.length).replace(/^\//, ""));
  }
}
