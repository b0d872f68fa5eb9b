import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createConnection, type Socket } from "node:net";
import { type GrpcStatus, grpcStatuses } from "#mesh/istio/grpc-status.ts";
import { type Request, requestLine } from "./format.ts";

/** `unix:/path` or `host:port`. */
export type Address = string;

export interface Answered {
  /** A gRPC status by name, or for an HTTP call the status code, or `reset` when the stream ended without one. */
  status: string;
  message: string;
  tookMs: number;
}

export interface SendOptions {
  headers?: Record<string, string>;
  /** Sent as grpc-timeout; the caller gives up by itself then. */
  deadlineMs?: number;
}

/** An empty message in gRPC's framing: every message type accepts it. */
const emptyMessage = Buffer.alloc(5);

/**
 * Sends requests over one HTTP/2 connection, which is opened again after it ended. It knows gRPC's framing and statuses and
 * retries nothing, so that what it sees is what the proxy in front of it did.
 */
export class Caller {
  readonly #address: Address;
  #session: ClientHttp2Session | undefined;

  constructor(address: Address) {
    this.#address = address;
  }

  /** Resolves always: a failure is an answer too. */
  async send(request: Request, options: SendOptions = {}): Promise<Answered> {
    const startMs = performance.now();
    const outcome = await new Promise<Omit<Answered, "tookMs">>((resolve) => {
      try {
        this.#start(request, options, resolve);
      } catch (error) {
        resolve(lost(request, error));
      }
    });
    return { ...outcome, tookMs: performance.now() - startMs };
  }

  close(): void {
    this.#session?.destroy();
  }

  #start(request: Request, options: SendOptions, resolve: (outcome: Omit<Answered, "tookMs">) => void): void {
    const stream = this.#connection().request(headersOf(request, options), { endStream: !request.grpc });
    const reading = new Reading(request, stream);
    let timer: NodeJS.Timeout | undefined;
    const finish = (outcome: Omit<Answered, "tookMs">) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    if (options.deadlineMs !== undefined) {
      timer = setTimeout(() => {
        finish({ status: request.grpc ? "DEADLINE_EXCEEDED" : "reset", message: "the caller gave up" });
        stream.close(constants.NGHTTP2_CANCEL);
      }, options.deadlineMs);
    }
    let lostBy: Error | undefined;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // A reset by the other side is an outcome of the call; anything else means that there is no connection.
      if (error.code !== "ERR_HTTP2_STREAM_ERROR") lostBy = error;
    });
    stream.on("close", () => finish(lostBy ? lost(request, lostBy) : reading.outcome()));
    if (request.grpc) stream.end(emptyMessage);
  }

  #connection(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect("http://mesh-test", { createConnection: () => open(this.#address) });
    session.on("error", () => session.destroy());
    session.on("goaway", () => session.close());
    session.setMaxListeners(0);
    this.#session = session;
    return session;
  }
}

/** Opens a socket to `unix:/path` or `host:port`. */
export function open(address: Address): Socket {
  if (address.startsWith("unix:")) return createConnection(address.slice("unix:".length));
  const colon = address.lastIndexOf(":");
  return createConnection(Number(address.slice(colon + 1)), address.slice(0, colon));
}

/** Collects what comes back on one stream. */
class Reading {
  readonly #request: Request;
  readonly #stream: ClientHttp2Stream;
  #headers: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
  #trailers: IncomingHttpHeaders = {};
  #body = "";

  constructor(request: Request, stream: ClientHttp2Stream) {
    this.#request = request;
    this.#stream = stream;
    stream.on("response", (headers) => {
      this.#headers = headers;
    });
    stream.on("trailers", (trailers) => {
      this.#trailers = trailers;
    });
    stream.on("data", (chunk: Buffer) => {
      if (!request.grpc && this.#body.length < 4_096) this.#body += chunk.toString("utf8");
    });
  }

  outcome(): Omit<Answered, "tookMs"> {
    const { rstCode } = this.#stream;
    const httpStatus = this.#headers[":status"];
    if (!this.#request.grpc) {
      if (httpStatus === undefined || rstCode) return { status: "reset", message: `stream reset (${rstCode ?? 0})` };
      return { status: String(httpStatus), message: this.#body };
    }
    const number = this.#trailers["grpc-status"] ?? this.#headers["grpc-status"];
    const message = this.#trailers["grpc-message"] ?? this.#headers["grpc-message"];
    if (number !== undefined) {
      return { status: grpcStatuses[Number(number)] ?? "UNKNOWN", message: decode(String(message ?? "")) };
    }
    if (httpStatus !== undefined && httpStatus !== 200) {
      return { status: fromHttp(httpStatus), message: `HTTP status ${httpStatus}` };
    }
    return { status: fromReset(rstCode ?? 0), message: `the stream ended without a status (reset ${rstCode ?? 0})` };
  }
}

function headersOf(request: Request, { headers, deadlineMs }: SendOptions): OutgoingHttpHeaders {
  const { method, path } = requestLine(request);
  return {
    ":method": method,
    ":path": path,
    ":authority": request.to,
    ":scheme": "http",
    ...(request.grpc ? { "content-type": "application/grpc", te: "trailers" } : {}),
    ...(deadlineMs === undefined ? {} : { "grpc-timeout": `${Math.max(1, Math.round(deadlineMs))}m` }),
    ...lowerCased(request.headers),
    ...lowerCased(headers),
  };
}

function lowerCased(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function lost({ grpc }: Request, error: unknown): Omit<Answered, "tookMs"> {
  const message = error instanceof Error ? error.message : String(error);
  return { status: grpc ? "UNAVAILABLE" : "reset", message };
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function fromHttp(status: number): GrpcStatus {
  const known: Record<number, GrpcStatus> = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
  };
  return known[status] ?? "UNKNOWN";
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
function fromReset(code: number): GrpcStatus {
  if (code === constants.NGHTTP2_REFUSED_STREAM) return "UNAVAILABLE";
  if (code === constants.NGHTTP2_CANCEL) return "CANCELLED";
  if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) return "RESOURCE_EXHAUSTED";
  return "INTERNAL";
}

function decode(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
