import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { grpcStatuses } from "#mesh/istio/grpc-status.ts";
import { keysUserAgent } from "#mesh/local/jwks.ts";
import { type Answered, Caller } from "./caller.ts";
import { type Answer, durationMs, type Script } from "./format.ts";

/** One replica of a scripted workload, and where its sidecar reaches it. */
export interface ScriptedReplica {
  name: string;
  /** The path of a unix socket for each of its ports. */
  listen: { path: string; protocol: "http1" | "http2" }[];
  /** Where its own calls go: `unix:/path` of its sidecar's outbound listener. */
  outbound: string;
}

/** A request that reached a replica. */
interface Attempt {
  replica: string;
  path: string;
}

const resetCodes = {
  cancel: constants.NGHTTP2_CANCEL,
  "internal-error": constants.NGHTTP2_INTERNAL_ERROR,
  "refused-stream": constants.NGHTTP2_REFUSED_STREAM,
} as const;

const message = Buffer.alloc(5);

/** A workload that answers as its script says, over gRPC and HTTP, and counts what reaches it. */
export class ScriptedWorkload {
  readonly name: string;
  readonly #replicas: RunningReplica[];
  #answers: { answer: Answer; given: number }[] = [];
  #attempts: Attempt[] = [];

  constructor(name: string, replicas: ScriptedReplica[]) {
    this.name = name;
    this.#replicas = replicas.map((replica, index) => new RunningReplica(replica, index + 1, this));
  }

  /** Replaces the script: its `first` counts start again. Replicas that refuse stop listening, the others listen. */
  async play(script: Script = {}): Promise<void> {
    this.#answers = [script].flat().map((answer) => ({ answer, given: 0 }));
    for (const replica of this.#replicas) {
      await (this.#says("refuse", replica.number) ? replica.stop() : replica.start());
    }
  }

  /** Requests that arrived since the last `forget`, at one replica or at all. */
  attempts(replica?: string): number {
    return this.#attempts.filter((attempt) => replica === undefined || attempt.replica === replica).length;
  }

  replicaNames(): string[] {
    return this.#replicas.map(({ name }) => name);
  }

  /** The replicas that are gone, sidecar and all. */
  gone(): string[] {
    return this.#replicas.filter(({ number }) => this.#says("gone", number)).map(({ name }) => name);
  }

  forget(): void {
    this.#attempts = [];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }

  /** Counts a request and returns the answer the script has for it. */
  take(replica: { name: string; number: number }, path: string): Answer {
    this.#attempts.push({ replica: replica.name, path });
    for (const entry of this.#answers) {
      const { answer, given } = entry;
      if (answer.replica !== undefined && answer.replica !== replica.number) continue;
      if (answer.method !== undefined && path !== `/${answer.method}`) continue;
      if (answer.path !== undefined && !path.startsWith(answer.path)) continue;
      if (answer.first !== undefined && given >= answer.first) continue;
      entry.given++;
      return answer;
    }
    return {};
  }

  #says(what: "refuse" | "gone", number: number): boolean {
    return this.#answers.some(({ answer }) => answer[what] && (answer.replica ?? number) === number);
  }
}

class RunningReplica {
  readonly name: string;
  readonly number: number;
  readonly #replica: ScriptedReplica;
  readonly #workload: ScriptedWorkload;
  readonly #caller: Caller;
  #servers: { server: Http2Server | HttpServer; open: Set<Http2Session | Socket> }[] = [];

  constructor(replica: ScriptedReplica, number: number, workload: ScriptedWorkload) {
    this.name = replica.name;
    this.number = number;
    this.#replica = replica;
    this.#workload = workload;
    this.#caller = new Caller(replica.outbound);
  }

  async start(): Promise<void> {
    if (this.#servers.length > 0) return;
    for (const { path, protocol } of this.#replica.listen) {
      const started = protocol === "http2" ? this.#serveHttp2() : this.#serveHttp1();
      await new Promise<void>((resolve, reject) => {
        started.server.once("error", reject);
        started.server.listen(path, resolve);
      });
      this.#servers.push(started);
    }
  }

  async stop(): Promise<void> {
    const servers = this.#servers.splice(0);
    this.#caller.close();
    await Promise.all(
      servers.map(({ server, open }) => {
        for (const connection of open) connection.destroy();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  #serveHttp2(): { server: Http2Server; open: Set<Http2Session> } {
    const open = new Set<Http2Session>();
    const server = createHttp2Server();
    server.on("session", (session) => {
      open.add(session);
      session.once("close", () => open.delete(session));
      session.on("error", () => session.destroy());
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {}); // The caller, or its proxy, has gone.
      stream.resume();
      void this.#answer(new Http2Exchange(stream, headers), String(headers[":path"]), headers);
    });
    return { server, open };
  }

  #serveHttp1(): { server: HttpServer; open: Set<Socket> } {
    const open = new Set<Socket>();
    const server = createHttpServer((request, response) => {
      request.resume();
      const exchange: Exchange = {
        gone: () => response.destroyed,
        finish: (answer) => {
          if (answer.close || answer.reset) response.destroy();
          else response.writeHead(answer.httpStatus ?? 200, { "content-type": "text/plain" }).end(answer.message ?? "");
        },
      };
      void this.#answer(exchange, request.url ?? "/", request.headers);
    });
    server.on("connection", (socket) => {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    });
    return { server, open };
  }

  async #answer(exchange: Exchange, path: string, headers: IncomingHttpHeaders): Promise<void> {
    // The control plane fetches keys through the mesh whenever it likes; that is no attempt of the test's.
    if (headers["user-agent"] === keysUserAgent) return exchange.finish({});
    const arrivedMs = performance.now();
    const answer = this.#workload.take(this, path);
    // A test that has ended does not wait for the answers of those that hang.
    if (answer.delay) await sleep(durationMs(answer.delay), undefined, { ref: false });
    if (exchange.gone()) return;
    if (!answer.call) return exchange.finish(answer);
    const called = await this.#caller.send(answer.call, onward(headers, arrivedMs));
    exchange.finish(afterCall(answer, called));
  }
}

interface Exchange {
  gone(): boolean;
  finish(answer: Answer): void;
}

class Http2Exchange implements Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #grpc: boolean;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.#grpc = String(headers["content-type"] ?? "").startsWith("application/grpc");
  }

  gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  finish(answer: Answer): void {
    const stream = this.#stream;
    if (this.gone()) return;
    if (answer.close) stream.session?.destroy();
    else if (answer.reset) stream.close(resetCodes[answer.reset]);
    else if (answer.httpStatus !== undefined || !this.#grpc) {
      stream.respond({ ":status": answer.httpStatus ?? 200, "content-type": "text/plain" });
      stream.end(answer.message ?? "");
    } else this.#finishGrpc(answer);
  }

  #finishGrpc(answer: Answer): void {
    const stream = this.#stream;
    const status = answer.status ?? "OK";
    const end = {
      "grpc-status": String(grpcStatuses.indexOf(status)),
      ...(answer.message ? { "grpc-message": encodeURIComponent(answer.message) } : {}),
    };
    const start = { ":status": 200, "content-type": "application/grpc" };
    if (status !== "OK" && (answer.after ?? "nothing") === "nothing") {
      stream.respond({ ...start, ...end }, { endStream: true });
      return;
    }
    stream.respond(start, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(end));
    if (status === "OK" || answer.after === "message") stream.end(message);
    else stream.end();
  }
}

/** What a service passes on: trace, request id, and what is left of the deadline. */
function onward(
  headers: IncomingHttpHeaders,
  arrivedMs: number,
): { headers: Record<string, string>; deadlineMs?: number } {
  const passed: Record<string, string> = {};
  for (const name of ["x-request-id", "traceparent", "tracestate"]) {
    const value = headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  const timeoutMs = grpcTimeoutMs(headers["grpc-timeout"]);
  if (timeoutMs === undefined) return { headers: passed };
  return { headers: passed, deadlineMs: Math.max(1, timeoutMs - (performance.now() - arrivedMs)) };
}

function grpcTimeoutMs(value: unknown): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(value)) ?? [];
  const factor = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000001 }[unit ?? ""];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** The callee's failure, as the answer names it or passed on as it came. */
function afterCall(answer: Answer, called: Answered): Answer {
  const { status, ...rest } = answer;
  if (called.status === "OK" || /^[23]\d\d$/.test(called.status)) return rest;
  if (status) return answer;
  const known = grpcStatuses.find((name) => name === called.status);
  if (known) return { ...rest, status: known, message: called.message };
  return { ...rest, httpStatus: Number(called.status) || 503, message: called.message };
}
