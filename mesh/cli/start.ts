import type { Command } from "commander";
import { changeWorkload } from "./change-workload.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

/** `mesh start`: starts what was stopped. */
export function command(): Command {
  return meshCommand("start", "start what `mesh stop` stopped")
    .argument("<workload>", "such as siren/product")
    .action(
      refusing(async (workload: string, options: StateOption) => {
        await changeWorkload(enterRepository(options), "/start", { workload });
      }),
    );
}
