import { type Command, InvalidArgumentError } from "commander";
import { changeWorkload } from "./change-workload.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

/** `mesh scale`: another number of replicas, until the mesh stops, the file changes or the autoscaler decides. */
export function command(): Command {
  return meshCommand("scale", "run another number of replicas of a workload")
    .argument("<workload>", "such as siren/product")
    .argument("<replicas>", "how many", parseReplicas)
    .action(
      refusing(async (workload: string, replicas: number, options: StateOption) => {
        await changeWorkload(enterRepository(options), "/scale", { workload, replicas });
      }),
    );
}

function parseReplicas(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("replicas are a number from 0 to 999.");
  return Number(text);
}
