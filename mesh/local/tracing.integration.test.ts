import { createServer, type Server } from "node:http";
import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { EchoClient } from "./testing/echo.ts";
import { LocalMesh } from "./testing/local-mesh.ts";

/** A collector (OTLP over HTTP) that keeps what it is sent. */
async function startCollector(): Promise<{ server: Server; url: string; exports: Buffer[] }> {
  const exports: Buffer[] = [];
  const server = createServer((request, answer) => {
    if (request.url !== "/v1/traces") answer.statusCode = 404;
    request.on("data", (chunk: Buffer) => exports.push(chunk)).on("end", () => answer.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, exports, url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}` };
}

it("sends the spans of a sampled trace to the collector, and passes the trace on", async () => {
  const { server, url, exports } = await startCollector();
  await using mesh = await LocalMesh.start({ otlp: url });
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
  const sent = () => Buffer.concat(exports);
  await eventually(
    () =>
      sent().includes(Buffer.from(trace, "hex")) && sent().includes("order.siren") && sent().includes("product.siren"),
  );
  server.closeAllConnections();
  server.close();
});
