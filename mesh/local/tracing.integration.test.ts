import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { startCollector } from "#mesh/testing/collector.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { EchoClient } from "./testing/echo.ts";
import { LocalMesh } from "./testing/local-mesh.ts";

it("sends the spans of a sampled trace to the collector, and passes the trace on", async () => {
  await using collector = await startCollector();
  await using mesh = await LocalMesh.start({ otlp: collector.url });
  const order = await mesh.add({ name: "order" });
  const product = await mesh.add({ name: "product" });
  expect(await mesh.apply("")).toMatchObject({ acknowledged: true });
  using client = new EchoClient(order.replica.outbound, "product.siren:50051");
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const answer = await client.call({ traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  expect(answer.code).toBe(status.OK);
  expect(product.server.calls[0]?.["traceparent"]).toMatch(
    new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`),
  );
  await eventually(
    () =>
      collector.received().includes(Buffer.from(trace, "hex")) &&
      collector.received().includes("order.siren") &&
      collector.received().includes("product.siren"),
  );
});
