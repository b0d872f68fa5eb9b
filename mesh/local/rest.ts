import { request as httpRequest } from "node:http";

export interface RestAnswer {
  readonly status: number;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Length of the body as it came. */
  readonly bytes: number;
}

/** `rest("POST", "/v1/orders", { productId: 1 })`. The body may be a string or bytes, which are sent as they are. */
export type Rest = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<RestAnswer>;

/**
 * REST calls to one host of the gateway. Node does not resolve `*.localhost`, so the address and the Host header are given apart.
 *
 * @param gatewayUrl where the gateway listens: `http://127.0.0.1:8080`
 * @param host the gateway's host: `siren.localhost`
 */
export function rest(gatewayUrl: string, host: string): Rest {
  return (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const payload =
        body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const json: Record<string, string> = payload === undefined ? {} : { "content-type": "application/json" };
      const request = httpRequest(new URL(path, gatewayUrl), { method, headers: { ...json, ...headers, host } });
      request.once("error", reject).once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).once("error", reject);
        response.once("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            body: parse(bytes.toString()),
            headers: response.headers,
            bytes: bytes.length,
          });
        });
      });
      request.end(payload);
    });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
