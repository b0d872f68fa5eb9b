import type { Command } from "commander";
import pc from "picocolors";
import type { Status, StatusRow } from "#mesh/local/daemon/status.ts";
import { ask, enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

/** `mesh status`: what runs. */
export function command(): Command {
  return meshCommand("status", "show what runs, and what is wrong with the configuration")
    .option("--json", "print an array: system, workload, replica, state, ready, restarts, pid, ports")
    .action(
      refusing(async (options: StateOption & { json?: boolean }) => {
        const status = await ask<Status>(enterRepository(options), "GET", "/status");
        if (options.json) process.stdout.write(`${JSON.stringify(status.rows, null, 2)}\n`);
        else print(status);
      }),
    );
}

function print(status: Status): void {
  const stopped = status.workloads.filter(({ desired }) => desired === 0);
  const rows = [
    ["WORKLOAD", "REPLICA", "READY", "STATE", "RESTARTS", "PID", "LISTENS", ""],
    ...status.rows.map(cells),
    ...stopped.map(({ system, workload }) => [`${system}/${workload}`, "-", "-", "Stopped", "-", "-", "-", ""]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
  if (status.overlays.length > 0) process.stdout.write(`\noverlays in force: ${status.overlays.join(", ")}\n`);
  if (!status.inForce) process.stdout.write(pc.yellow("\nthe configuration is not in force as it is written\n"));
  for (const { severity, code, file, line, column, message, hint } of status.findings) {
    if (severity === "info") continue;
    process.stdout.write(`\n${severity} ${code} ${file}:${line}:${column}\n  ${message}${hint ? `\n  ${hint}` : ""}\n`);
  }
}

function cells(row: StatusRow): string[] {
  const listens = row.ports.map((port) => `${port.name || port.port} on ${port.listens}`).join(", ");
  return [
    `${row.system}/${row.workload}`,
    row.replica,
    row.ready ? "yes" : "no",
    row.state,
    String(row.restarts),
    row.pid ? String(row.pid) : "-",
    listens || "-",
    row.reason,
  ];
}
