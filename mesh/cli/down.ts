import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { askDaemon } from "#mesh/local/daemon/control-client.ts";
import { clearLeftovers } from "#mesh/local/daemon/leftovers.ts";
import { lives, readLock } from "#mesh/local/daemon/lock.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

const waitMs = 90_000;

/** `mesh down`: ends everything; the data stays. */
export function command(): Command {
  return meshCommand("down", "stop everything; the data stays").action(
    refusing(async (options: StateOption) => down(enterRepository(options))),
  );
}

async function down(state: State): Promise<void> {
  const holder = readLock(state.lock);
  if (!holder) {
    const left = await clearLeftovers(state);
    process.stdout.write(
      left.length > 0 ? `ended what a mesh left that was killed: ${left.join(", ")}\n` : "no mesh is running\n",
    );
    return;
  }
  const heard = await askDaemon(state.controlSocket, "POST", "/down");
  // One that is just starting has no ears yet, but it knows what SIGTERM means.
  if (heard === undefined) process.kill(holder.pid, "SIGTERM");
  for (const giveUpAt = Date.now() + waitMs; lives(holder); await sleep(50)) {
    if (Date.now() > giveUpAt) throw new Refusal(`the mesh (pid ${holder.pid}) still stops after ${waitMs / 1000} s`);
  }
  process.stdout.write("stopped\n");
}
