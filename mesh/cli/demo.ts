import { type Command, InvalidArgumentError } from "commander";
import { chooseDemonstration, type Found, findDemonstrations } from "#mesh/demo/find-demonstrations.ts";
import { MeshControl } from "#mesh/demo/mesh-control.ts";
import { printReport } from "#mesh/demo/print-report.ts";
import { runDemonstration } from "#mesh/demo/run-demonstration.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import { enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

interface DemoOptions extends StateOption {
  readonly seconds?: number;
  readonly concurrency?: number;
  readonly json?: boolean;
}

/** `mesh demo`: a demonstration of failure, with its data, its overlay, its load, and what must be seen. */
export function command(): Command {
  return meshCommand("demo", "run a demonstration on the running mesh; without a name, list them")
    .argument("[demonstration]", "by id, tword/T-4, or by name, tword/circuit-breaker")
    .option("--seconds <number>", "no load lasts longer; with it the demonstration is in its short form", parseNumber)
    .option("--concurrency <number>", "no load has more callers", parseNumber)
    .option("--json", "print {id, name, shows, document, loads, checks, invariants, violations, problems, ok}")
    .action(
      refusing(async (name: string | undefined, options: DemoOptions) => {
        const control = new MeshControl(enterRepository(options));
        const found = await findDemonstrations();
        if (name === undefined) list(found, options);
        else await demonstrate(chooseDemonstration(found, name), control, options);
      }),
    );
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0) throw new InvalidArgumentError("it is a number above 0.");
  return number;
}

function list(found: readonly Found[], { json }: DemoOptions): void {
  const rows = found.map(({ system, demonstration: { id, name, shows } }) => ({ id: `${system}/${id}`, name, shows }));
  if (json) return void process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { id, name, shows } of rows) process.stdout.write(`${id.padEnd(12)} ${name.padEnd(width)}  ${shows}\n`);
}

async function demonstrate(found: Found, control: MeshControl, options: DemoOptions): Promise<void> {
  const { system, of, demonstration } = found;
  const { systems, overlays, gatewayPort } = await control.status();
  if (!systems.includes(system)) throw new Refusal(`${system} does not run; start it with \`mesh up ${system}\``);
  if (overlays.length > 0) {
    throw new Refusal(`${overlays.join(", ")} is in force; take it away first with \`mesh apply --remove\``);
  }
  await control.untilReady();
  const report = await runDemonstration(demonstration, of, {
    system,
    control,
    gateway: `http://127.0.0.1:${gatewayPort}`,
    seconds: options.seconds,
    concurrency: options.concurrency,
    signal: signalOfInterrupts(),
    say: (text) => process.stderr.write(`  ${text}\n`),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report));
  // A demonstration that was interrupted may still wait for something.
  process.exit(report.ok ? 0 : 1);
}

/** The first Ctrl-C ends the demonstration and undoes what it changed; the second ends the command. */
function signalOfInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  return controller.signal;
}
