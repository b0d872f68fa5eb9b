import type { Command } from "commander";
import { changeWorkload } from "./change-workload.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

/** `mesh stop`: stops a workload until it is started again. */
export function command(): Command {
  return meshCommand("stop", "stop a workload (no replicas) or postgres or nats until `mesh start`")
    .argument("<workload>", "such as siren/product")
    .action(
      refusing(async (workload: string, options: StateOption) => {
        await changeWorkload(enterRepository(options), "/stop", { workload });
      }),
    );
}
