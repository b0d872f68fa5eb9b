import { request } from "node:http";

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** GET on Envoy's admin interface, which listens on a unix socket. */
export function adminGet(socket: string, path: string): Promise<AdminAnswer> {
  return send(socket, "GET", path);
}

export function adminPost(socket: string, path: string): Promise<AdminAnswer> {
  return send(socket, "POST", path);
}

/** The admin interface's answer to a path that gives JSON. */
export async function adminJson(socket: string, path: string): Promise<unknown> {
  const { status, body } = await adminGet(socket, path);
  if (status !== 200) throw new Error(`Envoy's admin answers ${status} to ${path}: ${body.slice(0, 200)}`);
  return JSON.parse(body);
}

function send(socketPath: string, method: string, path: string): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout: 10_000, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
    });
    call.on("timeout", () => call.destroy(new Error("Envoy's admin does not answer")));
    call.on("error", reject);
    call.end();
  });
}
