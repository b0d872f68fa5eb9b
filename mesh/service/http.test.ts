import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "#mesh/testing/temporary-folder.ts";
import { connectHttp } from "./http.ts";
import { refusals, unavailable } from "./refusals.ts";
import { passOnOnly } from "./telemetry.ts";
import { WorkContext } from "./work-context.ts";

const refuse = refusals({ AI_UNAVAILABLE: unavailable("The planner does not answer.") });
const log = pino({ level: "silent" });
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const context = (signal = new AbortController().signal) =>
  new WorkContext("test", { log, telemetry: passOnOnly, signal, traceparent, correlationId: "7" });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  delete process.env["MESH_OUTBOUND"];
});

async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void, path?: string) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    if (path) server.listen(path, resolve);
    else server.listen(0, "127.0.0.1", resolve);
  });
  closing.push(() => server.close().closeAllConnections());
  return path ? path : `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("connectHttp", () => {
  it("goes to the own sidecar under the callee's name, with the flow's headers", async () => {
    const socket = join(temporaryFolder(), "out.sock");
    let seen: IncomingMessage["headers"] = {};
    await serving((request, response) => {
      seen = request.headers;
      response.end("hello");
    }, socket);
    process.env["MESH_OUTBOUND"] = `unix:${socket}`;
    const ai = connectHttp("ai.example.com:80", { unavailable: refuse.AI_UNAVAILABLE });
    const answer = await ai.fetch("/v1?x=1", { method: "POST", body: "{}", headers: { "x-own": "1" } }, context());
    expect(answer).toMatchObject({ status: 200, body: "hello" });
    expect(seen).toMatchObject({ host: "ai.example.com:80", "x-correlation-id": "7", "x-own": "1" });
    expect(seen["traceparent"]).toContain("0af7651916cd43dd8448eb211c80319c");
  });

  it("leaves a 404 to the caller, and turns a 503 into the refusal", async () => {
    let status = 404;
    const target = await serving((_, response) => response.writeHead(status).end());
    const ai = connectHttp(target, { unavailable: refuse.AI_UNAVAILABLE });
    expect((await ai.fetch("/", {}, context())).status).toBe(404);
    status = 503;
    await expect(ai.fetch("/", {}, context())).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
  });

  it("refuses when nobody listens, when it is cancelled, and when the answer is too large", async () => {
    const nobody = connectHttp("127.0.0.1:1", { unavailable: refuse.AI_UNAVAILABLE });
    await expect(nobody.fetch("/", {}, context())).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
    const target = await serving((request, response) => {
      if (request.url === "/large") response.end(Buffer.alloc(5 * 2 ** 20));
    });
    const ai = connectHttp(target, { unavailable: refuse.AI_UNAVAILABLE });
    const stop = new AbortController();
    const waiting = ai.fetch("/never", {}, context(stop.signal));
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
    await expect(ai.fetch("/large", {}, context())).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
  });
});
