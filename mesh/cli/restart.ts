import type { Command } from "commander";
import { changeWorkload } from "./change-workload.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

/** `mesh restart`: ends and starts the processes of a workload. */
export function command(): Command {
  return meshCommand("restart", "start a workload's processes anew, as a rolling update; postgres, nats and envoy too")
    .argument("<workload>", "such as siren/product")
    .action(
      refusing(async (workload: string, options: StateOption) => {
        await changeWorkload(enterRepository(options), "/restart", { workload });
      }),
    );
}
