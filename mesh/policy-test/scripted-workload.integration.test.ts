import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keysUserAgent } from "#mesh/local/jwks.ts";
import { Caller } from "./caller.ts";
import type { Answer, Script } from "./format.ts";
import { ScriptedWorkload } from "./scripted-workload.ts";
import { sendCalls } from "./send-calls.ts";

let folder: string;
let workloads: ScriptedWorkload[];
let callers: Caller[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mt-"));
  workloads = [];
  callers = [];
});

afterEach(async () => {
  for (const caller of callers) caller.close();
  for (const workload of workloads) await workload.stop();
  rmSync(folder, { recursive: true });
});

async function serve(script: Script, name = "a", protocol: "http1" | "http2" = "http2"): Promise<ScriptedWorkload> {
  const replica = {
    name: `${name}-1`,
    listen: [{ path: join(folder, name), protocol }],
    // What it calls on is the workload "b", without a proxy between.
    outbound: `unix:${join(folder, "b")}`,
  };
  const workload = new ScriptedWorkload(`shop/${name}`, [replica]);
  workloads.push(workload);
  await workload.play(script);
  return workload;
}

function callerOf(name = "a"): Caller {
  const caller = new Caller(`unix:${join(folder, name)}`);
  callers.push(caller);
  return caller;
}

const grpc = { to: "a.shop:50051", grpc: "x.Y/Z" };

const answers: [what: string, answer: Answer, status: string, message: RegExp][] = [
  ["success", {}, "OK", /^$/],
  ["a failure before anything else", { status: "UNAVAILABLE", message: "down, sorry" }, "UNAVAILABLE", /down, sorry/],
  ["a failure behind headers", { status: "INTERNAL", after: "headers" }, "INTERNAL", /^$/],
  ["a failure behind a message", { status: "DATA_LOSS", after: "message", message: "half" }, "DATA_LOSS", /half/],
  ["an HTTP status", { httpStatus: 503 }, "UNAVAILABLE", /HTTP status 503/],
  ["a cancelled stream", { reset: "cancel" }, "CANCELLED", /reset 8/],
  ["a stream that failed", { reset: "internal-error" }, "INTERNAL", /./],
  ["a stream that was refused", { reset: "refused-stream" }, "UNAVAILABLE", /./],
  ["a closed connection", { close: true }, "CANCELLED", /reset 8/],
];

test.each(answers)("a caller sees %s as it is", async (_, answer, status, message) => {
  const workload = await serve(answer);
  const answered = await callerOf().send(grpc);
  expect(answered).toMatchObject({ status });
  expect(answered.message).toMatch(message);
  expect(workload.attempts()).toBe(1);
});

test("nothing listens where the script refuses, and listens again afterwards", async () => {
  const workload = await serve({ refuse: true });
  const caller = callerOf();
  expect(await caller.send(grpc)).toMatchObject({ status: "UNAVAILABLE" });
  await workload.play({});
  expect(await caller.send(grpc)).toMatchObject({ status: "OK" });
  expect(workload.attempts()).toBe(1);
});

test("of several answers the first that applies is given, and only so often as it says", async () => {
  await serve([
    { method: "x.Y/Other", status: "ABORTED" },
    { first: 2, status: "UNAVAILABLE" },
    { method: "x.Y/Z", status: "NOT_FOUND" },
  ]);
  const calls = await sendCalls(callerOf(), { ...grpc, times: 4 });
  expect(calls.map(({ status }) => status)).toEqual(["UNAVAILABLE", "UNAVAILABLE", "NOT_FOUND", "NOT_FOUND"]);
  expect(await callerOf().send({ to: "a", grpc: "x.Y/Other" })).toMatchObject({ status: "ABORTED" });
});

test("keys that the control plane fetches are no attempt, and take no answer of the script", async () => {
  const workload = await serve([{ status: "UNAVAILABLE", first: 1 }]);
  await callerOf().send({ ...grpc, headers: { "user-agent": keysUserAgent } });
  expect(workload.attempts()).toBe(0);
  expect(await callerOf().send(grpc)).toMatchObject({ status: "UNAVAILABLE" });
});

test("a caller gives up at its deadline, and the callee hears of it", async () => {
  await serve({ delay: "60s" });
  const answered = await callerOf().send(grpc, { deadlineMs: 50 });
  expect(answered.status).toBe("DEADLINE_EXCEEDED");
  expect(answered.tookMs).toBeLessThan(60_000);
});

test("a workload calls on, and passes the failure on or answers its own", async () => {
  const b = await serve({ status: "UNAVAILABLE", message: "b is down" }, "b");
  const a = await serve({ call: { to: "b.shop:50051", grpc: "x.Y/Z" } });
  expect(await callerOf().send(grpc)).toMatchObject({ status: "UNAVAILABLE", message: "b is down" });
  await a.play({ call: { to: "b.shop:50051", grpc: "x.Y/Z" }, status: "ABORTED", message: "try later" });
  expect(await callerOf().send(grpc)).toMatchObject({ status: "ABORTED", message: "try later" });
  await b.play({});
  expect(await callerOf().send(grpc)).toMatchObject({ status: "OK" });
  expect([a.attempts(), b.attempts()]).toEqual([3, 3]);
});

test("the deadline that arrives is passed on", async () => {
  await serve({ delay: "60s" }, "b");
  await serve({ call: { to: "b.shop:50051", grpc: "x.Y/Z" }, status: "ABORTED" });
  const caller = callerOf();
  const startMs = performance.now();
  const answered = await caller.send({ ...grpc, headers: { "grpc-timeout": "100m" } });
  expect(answered.status).toBe("ABORTED");
  expect(performance.now() - startMs).toBeLessThan(60_000);
});

test("speaks HTTP over HTTP/2 and HTTP/1.1", async () => {
  await serve({ httpStatus: 404, message: "nothing" });
  expect(await callerOf().send({ to: "a", http: "GET /x" })).toMatchObject({ status: "404", message: "nothing" });
  const old = await serve([{ path: "/x", httpStatus: 418 }], "c", "http1");
  const response = await fetchOverSocket(join(folder, "c"), "/x?y=1");
  expect(response).toBe(418);
  expect(old.attempts()).toBe(1);
});

test("an open loop keeps its rate whatever the answers do", async () => {
  await serve({ delay: "1s" });
  const startMs = performance.now();
  const calls = await sendCalls(callerOf(), { ...grpc, times: 30, rate: 100 });
  expect(calls).toHaveLength(30);
  expect(performance.now() - startMs).toBeLessThan(30 * 1_000);
});

async function fetchOverSocket(socketPath: string, path: string): Promise<number | undefined> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
