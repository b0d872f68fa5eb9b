import { Client, credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { type HealthCheckRequest, type HealthCheckResponse, HealthService } from "#gen/proto/grpc/health/v1/health.ts";
import { adapt } from "./adapter.ts";
import type { Call } from "./call.ts";
import { Code } from "./codes.ts";
import { loadImage } from "./descriptors.ts";
import { implement } from "./handler.ts";
import { notFound, refusals } from "./refusals.ts";
import { passOnOnly } from "./telemetry.ts";

const refuse = refusals({ NOBODY: notFound("x/Y", "Nobody is called {name}.") });
const serving: HealthCheckResponse = { status: 1 };
type Watch = (request: HealthCheckRequest, call: Call<HealthCheckResponse>) => AsyncIterable<HealthCheckResponse>;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server-streaming method of our own behind the adapter; health's contract will do. */
async function watching(watch: Watch): Promise<Client> {
  const server = new Server();
  const implementation = implement(HealthService, { check: async () => serving, watch });
  const options = { image: loadImage(), log: pino({ level: "silent" }), telemetry: passOnOnly };
  const { definition, handlers } = adapt(implementation, options);
  server.addService(definition, handlers);
  const port = await new Promise<number>((resolve) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(() => {
    client.close();
    server.forceShutdown();
  });
  return client;
}

function open(client: Client, service = "") {
  const { path, requestSerialize, responseDeserialize } = HealthService.watch;
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
}

/** What a caller sees: how many messages, whether there were headers, and how it ended. */
async function outcome(call: ReturnType<typeof open>) {
  let messages = 0;
  let headers = false;
  let code: number = Code.OK;
  call.on("metadata", () => {
    headers = true;
  });
  try {
    for await (const _ of call) messages += 1;
  } catch (error) {
    code = (error as ServiceError).code;
  }
  return { messages, headers, code };
}

describe("server streaming", () => {
  it("sends what the handler yields", async () => {
    const client = await watching(async function* () {
      yield serving;
      yield serving;
    });
    expect(await outcome(open(client))).toEqual({ messages: 2, headers: true, code: Code.OK });
  });

  it("fails before headers, so that the mesh sees it", async () => {
    // biome-ignore lint/correctness/useYield: it fails first.
    const client = await watching(async function* ({ service }) {
      throw refuse.NOBODY({ name: service });
    });
    expect(await outcome(open(client, "kim"))).toEqual({ messages: 0, headers: false, code: Code.NOT_FOUND });
    expect(await outcome(open(client, "x".repeat(300)))).toEqual({
      messages: 0,
      headers: false,
      code: Code.INVALID_ARGUMENT,
    });
  });

  it("tells a failure in the middle, without its text", async () => {
    const client = await watching(async function* () {
      yield serving;
      throw new Error("secret");
    });
    expect(await outcome(open(client))).toEqual({ messages: 1, headers: true, code: Code.INTERNAL });
  });

  it("ends the handler when the caller hangs up", async () => {
    const ended = Promise.withResolvers<void>();
    const client = await watching(async function* (_, call) {
      try {
        yield serving;
        await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
        yield serving;
      } finally {
        ended.resolve();
      }
    });
    const call = open(client);
    call.once("data", () => call.cancel());
    call.on("error", () => {});
    await ended.promise;
  });

  it("waits for a caller that reads slowly", async () => {
    let produced = 0;
    const client = await watching(async function* () {
      for (; produced < 200_000; produced++) yield serving;
    });
    const call = open(client);
    call.on("error", () => {});
    await new Promise((resolve) => call.once("readable", resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(produced).toBeLessThan(200_000);
    call.cancel();
  });
});
