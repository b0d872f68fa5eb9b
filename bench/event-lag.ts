// From the commit in one service to the handler in another: a publisher process takes commands at a constant rate, the handler runs here. Real
// PostgreSQL and NATS. The lag counts from just before the commit (ce-time, milliseconds) to the start of the handler.
//
//   node bench/event-lag.ts [--rate 200] [--seconds 20] [--json]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Product, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { whenever } from "#mesh/service/policy.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { grpcCaller } from "#mesh/testing/grpc-caller.ts";
import { testNats, testPostgres } from "#mesh/testing/servers.ts";
import { registered, type ShopStore, shopDatabase } from "#mesh/testing/shop.ts";
import { testService } from "#mesh/testing/test-service.ts";
import { openLoop, percentile } from "./load.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const warmUpEvents = 500;
const lags: number[] = [];

await using postgres = await testPostgres({ fsync: true });
await using nats = await testNats();
const database = shopDatabase(postgres.freshUrl());
await using _subscriber = await testService({
  name: "report.siren",
  services: [],
  database,
  settings: { natsUrl: nats.url, ns: "bench" },
  policies: [
    whenever(registered, (message, tx: { store: ShopStore; event: { time: Date } }) => {
      lags.push(Date.now() - tx.event.time.getTime());
      return tx.store.note(message.name);
    }),
  ],
});
const publisher = spawn(process.execPath, [join(import.meta.dirname, "..", "mesh", "testing", "shop-main.ts")], {
  env: {
    ...process.env,
    MESH_LISTEN: "127.0.0.1:0",
    SHOP_ROLE: "publisher",
    DATABASE_URL: postgres.freshUrl(),
    NATS_URL: nats.url,
    NS: "bench",
  },
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  let log = "";
  const collect = (chunk: Buffer) => {
    log += chunk.toString();
  };
  publisher.stdout.on("data", collect);
  await eventually(() => log.includes('"msg":"ready"'));
  publisher.stdout.off("data", collect).resume();
  using caller = grpcCaller(`127.0.0.1:${/"port":(\d+)/.exec(log)?.[1]}`);
  const product = Product.fromPartial({ name: "tea", price: 1n, status: 1 });
  const create = async () => {
    const { code, message } = await caller.call(ProductServiceService.createProduct, { product });
    if (code !== 0) throw new Error(`${code} ${message}`);
  };
  await openLoop(create, { ratePerSecond: 100, seconds: warmUpEvents / 100 });
  await eventually(() => lags.length >= warmUpEvents);
  lags.length = 0;
  const { succeeded, failures } = await openLoop(create, {
    ratePerSecond: Number(values.rate),
    seconds: Number(values.seconds),
  });
  await eventually(() => lags.length >= succeeded);
  print(succeeded, failures.size);
} finally {
  publisher.kill("SIGTERM");
  await once(publisher, "exit");
}

function print(events: number, failures: number): void {
  const sorted = [...lags].sort((a, b) => a - b);
  const of = (share: number) => percentile(sorted, share);
  const result = { rate: Number(values.rate), events, failures, p50Ms: of(0.5), p99Ms: of(0.99), maxMs: of(1) };
  if (values.json) return console.log(JSON.stringify(result));
  console.log(`event lag at ${result.rate}/s: p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, max ${result.maxMs} ms`);
  console.log(`${events} events, ${failures} failures (must: p50 <= 10 ms, p99 <= 50 ms)`);
}
