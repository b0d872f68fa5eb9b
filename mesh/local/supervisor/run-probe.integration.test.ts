import { createServer, type Server } from "node:http";
import { createServer as createHttp2, type Http2Server } from "node:http2";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeAction } from "../workloads/workload.ts";
import { GrpcHealth } from "./grpc-health.ts";
import { runProbe } from "./run-probe.ts";

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server | Http2Server | ReturnType<typeof createTcp>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function probe(action: ProbeAction, port: number, timeoutSeconds = 60): Promise<string | undefined> {
  const health = new GrpcHealth({ host: "127.0.0.1", port });
  closing.push(() => health.close());
  const timing = { initialDelaySeconds: 0, periodSeconds: 1, successThreshold: 1, failureThreshold: 1 };
  const context = { targetOf: () => ({ host: "127.0.0.1", port }), healthOf: () => health, env: {}, cwd: "/" };
  return runProbe({ action, timeoutSeconds, ...timing }, context);
}

/** A gRPC server that answers every call with this health status, or with a gRPC error. */
async function healthServer(answer: { status?: number; code?: string; silent?: boolean }): Promise<number> {
  const server = createHttp2();
  server.on("stream", (stream) => {
    if (answer.silent) return;
    const headers = { ":status": 200, "content-type": "application/grpc" };
    if (answer.code) return stream.respond({ ...headers, "grpc-status": answer.code }, { endStream: true });
    stream.respond(headers, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const status = answer.status ?? 0;
    stream.end(status === 0 ? Buffer.alloc(5) : Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
  });
  return listen(server);
}

describe("a gRPC probe", () => {
  const action: ProbeAction = { type: "grpc", port: 1, service: "readiness" };

  it.each([
    [{ status: 1 }, undefined],
    [{ status: 2 }, "answers NOT_SERVING"],
    [{ status: 0 }, "answers UNKNOWN"],
    [{ code: "5" }, "gRPC status 5"],
  ])("of a service that answers %j", async (answer, expected) => {
    expect(await probe(action, await healthServer(answer))).toBe(expected);
  });

  it("of a process that does not answer ends in time", async () => {
    expect(await probe(action, await healthServer({ silent: true }), 0.2)).toBe("no answer within 0.2 s");
  });

  it("of nobody says so, and succeeds when somebody is there", async () => {
    const port = await healthServer({ status: 1 });
    const health = new GrpcHealth({ host: "127.0.0.1", port: 1 });
    expect(await health.check("", 60_000)).toMatch(/ECONNREFUSED/);
    const living = new GrpcHealth({ host: "127.0.0.1", port });
    expect([await living.check("", 60_000), await living.check("", 60_000)]).toEqual([undefined, undefined]);
    living.close();
  });
});

describe("an HTTP probe", () => {
  it.each([
    [200, undefined],
    [302, undefined],
    [404, "answers 404"],
    [500, "answers 500"],
  ])("of a server that answers %i", async (status, expected) => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/livez" && request.headers["x-probe"] === "yes" ? status : 418;
      response.end();
    });
    const action: ProbeAction = {
      type: "http",
      port: 1,
      path: "/livez",
      scheme: "HTTP",
      headers: { "x-probe": "yes" },
    };
    expect(await probe(action, await listen(server))).toBe(expected);
  });
});

describe("other probes", () => {
  it("a TCP probe connects", async () => {
    const server = createTcp((socket) => socket.end());
    const port = await listen(server);
    expect(await probe({ type: "tcp", port: 1 }, port)).toBeUndefined();
    expect(await probe({ type: "tcp", port: 1 }, 1)).toMatch(/ECONNREFUSED/);
  });

  it.each([
    [["/bin/sh", "-c", "exit 0"], 60, undefined],
    [["/bin/sh", "-c", "exit 3"], 60, "Command failed: /bin/sh -c exit 3"],
    [["/no/such/program"], 60, "spawn /no/such/program ENOENT"],
    [["/bin/sleep", "600"], 0.3, "Command failed: /bin/sleep 600"],
  ])("a command %j within %d s", async (command, timeoutSeconds, expected) => {
    expect(await probe({ type: "exec", command }, 0, timeoutSeconds)).toBe(expected);
  });
});
