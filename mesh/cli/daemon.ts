import type { Command } from "commander";
import { runDaemon } from "./run-daemon.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";
import { parsePort } from "./up.ts";

/** `mesh daemon`: what `mesh up --detach` starts. */
export function command(): Command {
  return meshCommand("daemon", "run a mesh without a terminal (`mesh up --detach` starts it)")
    .argument("[systems...]")
    .requiredOption("--gateway-port <port>", "the gateway's port", parsePort)
    .action(
      refusing(async (systems: string[], options: StateOption & { gatewayPort: number }) => {
        await runDaemon({ state: enterRepository(options), gatewayPort: options.gatewayPort, systems });
      }),
    );
}
