import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { readAdminState } from "#mesh/local/breakers/admin-state.ts";
import type { Breaker, Limit } from "#mesh/local/breakers/breaker.ts";
import { breakersOf } from "#mesh/local/breakers/breakers.ts";
import { stateAt } from "#mesh/local/daemon/state.ts";

interface Options {
  readonly state: string;
  readonly json?: boolean;
  readonly all?: boolean;
}

export function command(): Command {
  return new Command("breakers")
    .description(
      "Shows every caller's circuit breakers: closed, open (since, until, why), or wanted to open but not allowed",
    )
    .option("--json", "print an array of {caller, callee, subset, host, state, since, until, cause, limits, retries}")
    .option("--all", "with the callers and hosts between which nothing was ever wrong")
    .option("--state <dir>", "the mesh's state folder", ".mesh")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const state = stateAt(options.state);
  const admin = join(state.run, "admin.sock");
  if (!existsSync(admin)) {
    console.error(`no mesh runs on ${options.state}; start one by "mesh up"`);
    process.exitCode = 1;
    return;
  }
  const breakers = breakersOf(await readAdminState({ admin, outlierLog: join(state.logs, "outlier.log") }));
  if (options.json) console.log(JSON.stringify(breakers, undefined, 2));
  else print(options.all ? breakers : breakers.filter(isNotable), breakers.length);
}

function isNotable({ state, retries, limits }: Breaker): boolean {
  return state !== "closed" || retries.made > 0 || Object.values(limits).some(({ refused }) => refused > 0);
}

const colours = { open: pc.red, blocked: pc.yellow, closed: pc.green };

function print(breakers: readonly Breaker[], total: number): void {
  for (const { caller, callee, subset, host, state, ...rest } of breakers) {
    const target = subset ? `${callee} (${subset})` : callee;
    console.log(`${colours[state](state.padEnd(7))} ${caller} -> ${target} ${host}`);
    if (rest.cause) console.log(`        ${rest.cause}`);
    if (rest.since) console.log(`        since ${rest.since}${rest.until ? `, until about ${rest.until}` : ""}`);
    const { made, succeeded, refused } = rest.retries;
    if (made + refused > 0) console.log(`        retries: ${made} made, ${succeeded} succeeded, ${refused} refused`);
    const limits = Object.entries(rest.limits).filter(([, limit]) => limit.max !== null || limit.refused > 0);
    if (limits.length > 0) console.log(`        ${limits.map(([name, limit]) => describe(name, limit)).join(", ")}`);
  }
  const hidden = total - breakers.length;
  if (hidden > 0) console.log(pc.dim(`${hidden} more without incident (--all shows them)`));
}

function describe(name: string, { max, now, refused }: Limit): string {
  return `${name} ${now} of ${max ?? "any"}${refused > 0 ? ` (${refused} refused)` : ""}`;
}
