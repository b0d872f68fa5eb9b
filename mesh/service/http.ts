import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Context } from "./call.ts";
import { CalleeError, type CalleeFailures } from "./callee-failure.ts";
import { Code } from "./codes.ts";
import { maxMessageBytes } from "./outbound.ts";
import { formatTraceparent } from "./trace-context.ts";

export interface HttpInit {
  /** Default: GET. */
  readonly method?: string;
  /** Default: none; the flow's headers are added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface HttpClient {
  /**
   * One call, whatever it answers below 500.
   *
   * @param path with the query: `/v1/chat?x=1`
   * @throws ServiceError the `unavailable` refusal when the server is down, slow, or answers 500 and above
   */
  fetch(path: string, init: HttpInit, context: Context): Promise<HttpAnswer>;
}

/**
 * A client of a plain HTTP server. It speaks HTTP to the own sidecar, which makes TLS of it as the DestinationRule says.
 *
 * @param target `oauth2.googleapis.com:80`
 */
export function connectHttp(target: string, failures: Pick<CalleeFailures, "unavailable">): HttpClient {
  return {
    async fetch(path, init, context) {
      const span = context.childSpan(`${init.method ?? "GET"} ${target}`);
      try {
        const answer = await exchange(target, path, { ...init, headers: headersOf(init, context) }, context.signal);
        if (answer.status >= 500) throw new Error(`HTTP ${answer.status}`);
        span.end();
        return answer;
      } catch (error) {
        span.end("failed");
        const cause = new CalleeError(`${target}${path}`, Code.UNAVAILABLE, String(error));
        throw failures.unavailable({} as never, { cause });
      }
    },
  };
}

function headersOf(init: HttpInit, context: Context): Record<string, string> {
  return {
    ...init.headers,
    traceparent: formatTraceparent(context.trace),
    ...(context.requestId === undefined ? {} : { "x-request-id": context.requestId }),
    ...(context.correlationId === undefined ? {} : { "x-correlation-id": context.correlationId }),
  };
}

function exchange(target: string, path: string, init: HttpInit, signal: AbortSignal): Promise<HttpAnswer> {
  const outbound = process.env["MESH_OUTBOUND"];
  const [host = "", port = "80"] = target.split(":");
  const where = outbound ? { socketPath: outbound.replace(/^unix:/, "") } : { host, port };
  const headers = { ...init.headers, host: target };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...where, path, method: init.method ?? "GET", headers, signal }, (response) => {
      readBody(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    request.on("error", reject);
    request.end(init.body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxMessageBytes) throw new Error(`the answer is larger than ${maxMessageBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
