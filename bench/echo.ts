// Unary echo through mesh/service against bare grpc-js with the same codec: two servers, the same client, rounds in turn.
//
//   node bench/echo.ts [--rounds 5] [--seconds 3] [--json]
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client, credentials } from "@grpc/grpc-js";
import { Product, ProductServiceService, ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { closedLoop, median, percentile } from "./load.ts";
import { cpuSeconds } from "./proc.ts";

type Side = "bare" | "mesh";

interface Round {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server alone. */
  readonly serverMicrosPerCall: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    concurrency: { type: "string", default: "64" },
    json: { type: "boolean", default: false },
  },
});
const method = ProductServiceService.createProduct;
const product = Product.fromPartial({
  name: "Americano",
  price: 4500n,
  status: ProductStatus.PRODUCT_STATUS_AVAILABLE,
});
const request = { product, requestId: "" };
const warmUpCalls = 20_000;

const folder = mkdtempSync(join(tmpdir(), "mesh-echo-"));
const collector = createServer((incoming, answer) => incoming.resume().on("end", () => answer.end("{}")));
await once(collector.listen(0, "127.0.0.1"), "listening");
const servers = { bare: await startServer("bare"), mesh: await startServer("mesh") };
const rounds: Record<Side, Round[]> = { bare: [], mesh: [] };
try {
  for (const side of ["bare", "mesh"] as const) await warmUp(side);
  for (let round = 0; round < Number(values.rounds); round++) {
    const order: Side[] = round % 2 === 0 ? ["bare", "mesh"] : ["mesh", "bare"];
    for (const side of order) rounds[side].push(await run(side, Number(values.seconds)));
  }
} finally {
  for (const { child, client } of Object.values(servers)) {
    client.close();
    child.kill("SIGKILL");
  }
  collector.close();
  rmSync(folder, { recursive: true });
}
print();

async function startServer(side: Side): Promise<{ child: ChildProcess; client: Client }> {
  const { port: otlp } = collector.address() as AddressInfo;
  const child = spawn(process.execPath, [join(import.meta.dirname, "echo-server.ts"), side], {
    stdio: ["ignore", openSync(join(folder, `${side}.log`), "w"), "pipe"],
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp}` },
  });
  const [port] = (await once(child.stderr as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, client: new Client(`127.0.0.1:${port.toString().trim()}`, credentials.createInsecure()) };
}

/** Both sides get the same number of calls, not of seconds: what the compiler has seen decides how fast a side is. */
async function warmUp(side: Side): Promise<void> {
  let left = warmUpCalls;
  const caller = async () => {
    while (left-- > 0) await call(servers[side].client);
  };
  await Promise.all(Array.from({ length: Number(values.concurrency) }, caller));
}

async function run(side: Side, seconds: number): Promise<Round> {
  const { child, client } = servers[side];
  const before = cpuSeconds(child.pid ?? 0);
  const result = await closedLoop(() => call(client), { concurrency: Number(values.concurrency), seconds });
  if (result.failures.size > 0) throw new Error(`${side}: ${[...result.failures.keys()].join(", ")}`);
  return {
    callsPerSecond: result.succeeded / result.seconds,
    p50Ms: percentile(result.latenciesMs, 0.5),
    p99Ms: percentile(result.latenciesMs, 0.99),
    serverMicrosPerCall: ((cpuSeconds(child.pid ?? 0) - before) / result.succeeded) * 1e6,
  };
}

function call(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function print(): void {
  const of = (side: Side, pick: (round: Round) => number) => median(rounds[side].map(pick));
  const ratio = of("mesh", (round) => round.callsPerSecond) / of("bare", (round) => round.callsPerSecond);
  if (values.json) return console.log(JSON.stringify({ ratio, rounds }));
  const number = (value: number, digits = 0) => value.toFixed(digits).padStart(10);
  console.log("              calls/s    p50 ms    p99 ms   server µs/call");
  for (const side of ["bare", "mesh"] as const) {
    const name = side === "bare" ? "grpc-js   " : "mesh/service";
    console.log(
      name.padEnd(12) +
        number(of(side, (round) => round.callsPerSecond)) +
        number(
          of(side, (round) => round.p50Ms),
          2,
        ) +
        number(
          of(side, (round) => round.p99Ms),
          2,
        ) +
        number(of(side, (round) => round.serverMicrosPerCall)),
    );
  }
  console.log(`mesh/service serves ${ratio.toFixed(2)} of bare grpc-js (must: at least 0.75)`);
}
