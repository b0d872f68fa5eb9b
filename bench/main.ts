// `make bench`: every figure that the README quotes, measured in one run, with what it must reach beside it. Exits with 1 when one
// is missed.
//
//   node bench/main.ts [echo] [events] [lint] [compile] [edit] [siren] [mall] [systems]      all of them by default
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchCompile } from "./compile.ts";
import { benchEdit } from "./edit.ts";
import { benchLint } from "./lint.ts";
import { benchMall } from "./mall.ts";
import { isMet, print, type Row, row } from "./report.ts";
import { benchSiren } from "./siren.ts";
import { benchSystems } from "./systems.ts";

const benches: Record<string, { title: string; run(): Promise<Row[]> | Row[] }> = {
  echo: { title: "Unary echo: the service run time against bare grpc-js, the same codec, rounds in turn", run: echo },
  events: { title: "An event: from the commit in one service to the handler in another, 200 a second", run: events },
  lint: {
    title: "mesh lint: services, each with a Deployment, a VirtualService and a DestinationRule",
    run: benchLint,
  },
  compile: {
    title: "mesh compile: services, each with endpoints, a VirtualService and a DestinationRule",
    run: benchCompile,
  },
  edit: { title: "An edited policy: 30 services, 60 replicas, until Envoy has it in force", run: benchEdit },
  mall: {
    title:
      "Mall's order flow: ours, and the same as NestJS microservices (opossum, Prisma) without a proxy, rounds in turn",
    run: benchMall,
  },
  siren: { title: "SirenOrder on the local mesh; load, Envoy, services and servers share the cores", run: benchSiren },
  systems: { title: "Several systems under one mesh up, on cores that everything shares", run: benchSystems },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are: ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
console.log(`${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`);
let missed = 0;
for (const [name, { title, run }] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const rows = await run();
  print(title, rows);
  missed += rows.filter((each) => !isMet(each)).length;
}
if (missed > 0) console.log(`\n${missed} missed`);
process.exit(missed === 0 ? 0 : 1);

interface EchoResult {
  ratio: number;
  rounds: Record<"bare" | "mesh", { callsPerSecond: number; serverMicrosPerCall: number }[]>;
}

function echo(): Row[] {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, "echo.ts"), "--json"]).toString();
  const { ratio, rounds } = JSON.parse(output) as EchoResult;
  const mean = (side: "bare" | "mesh") =>
    rounds[side].reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0) / rounds[side].length;
  return [
    row("bare grpc-js", mean("bare"), { unit: "calls/s" }),
    row("mesh/service", mean("mesh"), { unit: "calls/s" }),
    row("mesh/service of bare grpc-js, median", ratio, { unit: "", mustBeAtLeast: 0.75 }),
  ];
}

function events(): Row[] {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, "event-lag.ts"), "--json"]).toString();
  const { events: count, failures, p50Ms, p99Ms } = JSON.parse(output) as Record<string, number>;
  return [
    row("event lag, p50", p50Ms ?? Number.NaN, { unit: "ms", mustBeAtMost: 10 }),
    row("event lag, p99", p99Ms ?? Number.NaN, { unit: "ms", mustBeAtMost: 50 }),
    row("commands failed", failures ?? Number.NaN, { unit: `of ${count}`, mustBeAtMost: 0 }),
  ];
}
