import { createServer } from "node:http";

/** A collector (OTLP over HTTP) that keeps the spans it is sent; it takes metrics too, and drops them. */
export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Every export of spans so far, as it came. */
  received(): Buffer;
}

export async function startCollector(): Promise<Collector> {
  const exports: Buffer[] = [];
  const server = createServer((request, answer) => {
    const spans = request.url === "/v1/traces";
    if (!spans && request.url !== "/v1/metrics") answer.statusCode = 404;
    request.on("data", (chunk: Buffer) => spans && exports.push(chunk)).on("end", () => answer.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    received: () => Buffer.concat(exports),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
