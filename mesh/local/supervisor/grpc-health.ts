import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";

/**
 * One call of grpc.health.v1.Health/Check on a connection of its own, as the kubelet makes it: undefined when the service is
 * SERVING, else why not. Written on node:http2, because probes run all the time and a gRPC client each would cost more
 * than the answer.
 */
export function checkGrpcHealth(target: Target, service: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const client = connect("http://health", {
      createConnection: () => connectSocket({ ...target }),
    });
    const timer = setTimeout(() => finish(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    const finish = (failure: string | undefined) => {
      clearTimeout(timer);
      client.destroy();
      resolve(failure);
    };
    client.on("error", (error) => finish(error.message));
    const stream = client.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${timeoutMs}m`,
    });
    const chunks: Buffer[] = [];
    let status: unknown;
    stream.on("response", (headers) => {
      status = headers["grpc-status"];
    });
    stream.on("trailers", (headers) => {
      status = headers["grpc-status"];
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", (error) => finish(error.message));
    stream.on("close", () => finish(judge(status, Buffer.concat(chunks))));
    stream.end(encodeRequest(service));
  });
}

/** Where a process listens: a unix socket or a TCP address. */
export type Target = { readonly path: string } | { readonly host: string; readonly port: number };

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
