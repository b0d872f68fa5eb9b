import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Product, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { registered, shopDatabase, shopService } from "#mesh/testing/shop.ts";
import { testService } from "#mesh/testing/test-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { project } from "./policy.ts";
import { recovery } from "./recovery.ts";

const servers = useServers();
let collector: Server;
/** What each service has last told: `report.siren mainsheet.consumer.lag` and its points. */
let told: Map<string, unknown>;

interface Metrics {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { readonly value: { readonly stringValue: string } }[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

interface Metric {
  readonly name: string;
  readonly gauge: { readonly dataPoints: readonly Point[] };
}

interface Point {
  readonly asInt: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    if (request.url === "/v1/metrics") keep(JSON.parse(Buffer.concat(chunks).toString()) as Metrics);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
});

afterAll(() => void collector?.close());

beforeEach(() => {
  told = new Map();
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env["OTEL_METRIC_EXPORT_INTERVAL"] = "50";
});

afterEach(() => {
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  delete process.env["OTEL_METRIC_EXPORT_INTERVAL"];
});

function keep({ resourceMetrics: [one] }: Metrics): void {
  const service = one?.resource.attributes[0]?.value.stringValue;
  for (const { name, gauge } of one?.scopeMetrics[0]?.metrics ?? []) {
    const points = gauge.dataPoints.map(({ asInt, attributes }) =>
      [...attributes.map(({ key, value }) => `${key}=${value.stringValue}`), asInt].join(" "),
    );
    told.set(`${service} ${name}`, points);
  }
}

const untilTold = (metric: string, points: readonly string[]) =>
  eventually(() => {
    expect(told.get(metric)).toEqual(points);
    return true;
  });

it("tells how many events wait in the outbox and at a consumer, and how many sagas are open", async () => {
  const { url, settings } = servers.place("metrics");
  const database = shopDatabase(url);
  const unfinished = async () => ({ PENDING: 2, CANCEL_REQUESTED: 0 });
  await using product = await testService({
    name: "product.siren",
    services: [shopService(database)],
    database,
    workers: [recovery("finish-orders", async () => false, { unfinished })],
    settings,
  });
  const create = () =>
    product.caller.call(ProductServiceService.createProduct, {
      product: Product.fromPartial({ name: "tea", price: 1n, status: 1 }),
    });
  await untilTold("product.siren mainsheet.outbox.depth", ["0"]);
  await untilTold("product.siren mainsheet.saga.unfinished", [
    "worker=finish-orders state=PENDING 2",
    "worker=finish-orders state=CANCEL_REQUESTED 0",
  ]);

  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const policies = [project(registered, () => gate)];
  expect((await create()).code).toBe(0);
  await using _report = await testService({ name: "report.siren", services: [], policies, settings });
  expect((await create()).code).toBe(0);
  await untilTold("report.siren mainsheet.consumer.lag", ["2"]);
  open();
  await untilTold("report.siren mainsheet.consumer.lag", ["0"]);

  await servers.nats.kill();
  expect((await create()).code).toBe(0);
  await untilTold("product.siren mainsheet.outbox.depth", ["1"]);
  await servers.nats.restart();
  await untilTold("product.siren mainsheet.outbox.depth", ["0"]);
});
