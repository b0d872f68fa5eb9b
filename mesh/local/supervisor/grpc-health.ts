import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectSocket } from "node:net";

/** Where a process listens: a unix socket or a TCP address. */
export type Target = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Calls grpc.health.v1.Health/Check of one process. Written on node:http2, and on one connection as long as it holds: probes run
 * all the time, and a connection for each would cost both sides more than the answer.
 */
export class GrpcHealth {
  readonly #target: Target;
  #session: ClientHttp2Session | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Undefined when the service is SERVING, else why not. Never rejects. */
  check(service: string, timeoutMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      const finish = (failure: string | undefined) => {
        clearTimeout(timer);
        session.off("error", fail);
        // The next check begins with a new connection, as one that comes to a new process must.
        if (failure !== undefined) this.close();
        resolve(failure);
      };
      const fail = (error: Error) => finish(error.message);
      const session = this.#connected();
      session.once("error", fail);
      call(session, service, timeoutMs).then(finish, fail);
    });
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #connected(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect("http://health", { createConnection: () => connectSocket({ ...this.#target }) });
    // Between two checks nobody listens, and a process that ends is no error of ours.
    session.on("error", () => {});
    session.unref();
    this.#session = session;
    return session;
  }
}

function call(session: ClientHttp2Session, service: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${timeoutMs}m`,
    });
    const chunks: Buffer[] = [];
    let status: unknown;
    const readStatus = (headers: Record<string, unknown>) => {
      status = headers["grpc-status"] ?? status;
    };
    stream.on("response", readStatus);
    stream.on("trailers", readStatus);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => resolve(judge(status, Buffer.concat(chunks))));
    stream.end(encodeRequest(service));
  });
}

/** HealthCheckRequest{service = 1} behind the five bytes of a gRPC message. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** HealthCheckResponse{status = 1}; 1 is SERVING, and a status of 0 is not written. */
function judge(grpcStatus: unknown, body: Buffer): string | undefined {
  if (String(grpcStatus) !== "0")
    return grpcStatus === undefined ? "closed without an answer" : `gRPC status ${grpcStatus}`;
  const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
  const value = body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
  return value === 1 ? undefined : `answers ${statuses[value] ?? value}`;
}
