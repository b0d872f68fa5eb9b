import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import type { Status } from "#mesh/local/daemon/status.ts";
import { ask } from "./running-mesh.ts";

const waitMs = 120_000;

/** Asks for a change of a workload and waits until all are as they should be again. */
export async function changeWorkload(
  state: State,
  path: string,
  body: { workload: string; replicas?: number },
): Promise<void> {
  await ask(state, "POST", path, body);
  const concerns = (id: string) => id === body.workload || id.endsWith(`/${body.workload}`);
  for (const giveUpAt = Date.now() + waitMs; ; await sleep(100)) {
    const status = await ask<Status>(state, "GET", "/status");
    const workloads = status.workloads.filter(({ system, workload }) => concerns(`${system}/${workload}`));
    const servers = status.rows.filter((row) => row.system === "mesh" && concerns(`mesh/${row.workload}`));
    const stopped = path === "/stop";
    if (workloads.every(({ settled }) => settled) && servers.every(({ ready }) => ready !== stopped)) {
      for (const { system, workload, ready, desired } of workloads) {
        process.stdout.write(`${system}/${workload}: ${ready}/${desired} ready\n`);
      }
      for (const { workload, state: now } of servers) process.stdout.write(`${workload}: ${now.toLowerCase()}\n`);
      return;
    }
    if (Date.now() > giveUpAt)
      throw new Refusal(`${body.workload} is not ready after ${waitMs / 1000} s; see \`mesh status\``);
  }
}
