import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { askDaemon } from "#mesh/local/daemon/control-client.ts";
import { readLock } from "#mesh/local/daemon/lock.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import { type State, stateAt } from "#mesh/local/daemon/state.ts";
import type { Status } from "#mesh/local/daemon/status.ts";

export interface StateOption {
  readonly state: string;
}

/** A command that works on a mesh: with `--state`, in the repository's root, errors as one message and exit code 1. */
export function meshCommand(name: string, description: string): Command {
  const state = new Option("--state <dir>", "where the mesh keeps its state").default(".mesh").env("MESH_STATE_DIR");
  return new Command(name).description(description).addOption(state);
}

/** Wraps an action: what can be said in a sentence is, and the exit code is 1. */
export function refusing<A extends unknown[]>(action: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const stack = error instanceof Refusal || !process.env["MESH_DEBUG"] ? "" : `\n${(error as Error).stack}`;
      process.stderr.write(`mesh: ${message}${stack}\n`);
      process.exitCode = 1;
    }
  };
}

/** The state folder (relative to where the user is), after moving to the repository's root, where all other paths start. */
export function enterRepository(options: StateOption): State {
  const here = process.cwd();
  const root = repositoryRoot(here);
  const explicit = options.state !== ".mesh";
  const state = stateAt(resolve(explicit ? here : root, options.state));
  process.chdir(root);
  return state;
}

/** The nearest folder upwards that has services/ or istio/; where we are when there is none. */
function repositoryRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "services")) || existsSync(join(folder, "istio"))) return folder;
    if (folder === dirname(folder)) return from;
  }
}

/** @throws Refusal when no mesh runs */
export async function ask<T>(state: State, method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
  const answer = await askDaemon<T>(state.controlSocket, method, path, body);
  if (answer === undefined) throw new Refusal(whyNoAnswer(state));
  return answer;
}

function whyNoAnswer(state: State): string {
  const holder = readLock(state.lock);
  if (holder) return `the mesh (pid ${holder.pid}) does not answer yet; try again in a moment`;
  return `no mesh is running with the state ${state.root}; start one with \`mesh up\``;
}

export function statusOf(state: State): Promise<Status | undefined> {
  return askDaemon<Status>(state.controlSocket, "GET", "/status");
}
