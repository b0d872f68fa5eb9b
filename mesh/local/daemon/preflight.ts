import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isFree } from "../free-port.ts";
import { ownerOfPort } from "./port-owner.ts";
import type { State } from "./state.ts";

/** Below this PostgreSQL and JetStream would soon fail in the middle of something. */
const leastFreeBytes = 300 * 2 ** 20;

/** Why a mesh cannot start here, each with what to do; empty when it can. */
export async function preflight(state: State, gatewayPort: number): Promise<string[]> {
  return [...checkFolder(state), ...(await checkPort(gatewayPort))];
}

export function checkFolder(state: State): string[] {
  try {
    mkdirSync(state.root, { recursive: true });
    accessSync(state.root, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`the state folder ${state.root} cannot be written (${why}); name another one with --state DIR`];
  }
  const free = freeBytes(state.root);
  if (free >= leastFreeBytes) return [];
  return [
    `the disk of ${state.root} is full (${Math.round(free / 2 ** 20)} MB are free, 300 MB are needed); free some space`,
  ];
}

/** What an ordinary user may still write at a path. */
export function freeBytes(path: string): number {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/** 0 means any free port. */
export async function checkPort(port: number): Promise<string[]> {
  if (port === 0 || (await isFree(port))) return [];
  const owner = ownerOfPort(port);
  return [
    `port ${port}, the gateway's, is taken${owner ? ` by ${owner}` : ""}; end that process or choose another port with --gateway-port N`,
  ];
}
