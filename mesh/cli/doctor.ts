import type { Command } from "commander";
import pc from "picocolors";
import { examine } from "#mesh/local/daemon/doctor.ts";
import { httpsPortOf } from "#mesh/local/daemon/servers.ts";
import { enterRepository, meshCommand, refusing, type StateOption, statusOf } from "./running-mesh.ts";
import { parsePort } from "./up.ts";

interface DoctorOptions extends StateOption {
  readonly gatewayPort: number;
  readonly fetch?: boolean;
  readonly json?: boolean;
}

const marks = { ok: pc.green("ok     "), warning: pc.yellow("warning"), error: pc.red("error  ") };

/** `mesh doctor`: whether this machine has what a mesh needs. Exit code 1 when something is missing. */
export function command(): Command {
  return meshCommand("doctor", "check ports, tools, disk, limits and architecture")
    .option("--gateway-port <port>", "the gateway's port", parsePort, 8080)
    .option("--fetch", "download Envoy and nats-server when they are not there")
    .option("--json", "print an array: name, result, text")
    .action(
      refusing(async (options: DoctorOptions) => {
        const state = enterRepository(options);
        const { gatewayPort, fetch = false } = options;
        const gatewayPorts = gatewayPort === 0 ? [] : [gatewayPort, httpsPortOf(gatewayPort)];
        const running = (await statusOf(state)) !== undefined;
        const checks = await examine(state, { gatewayPorts, running, fetch });
        if (options.json) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
        else for (const { name, result, text } of checks) process.stdout.write(`${marks[result]} ${name}: ${text}\n`);
        if (checks.some(({ result }) => result === "error")) process.exitCode = 1;
      }),
    );
}
