import { request } from "node:http";
import { Refusal } from "./refusal.ts";

/**
 * Asks the running mesh. Undefined when none runs.
 *
 * @throws Refusal with the mesh's own words when it does not do what is asked
 */
export function askDaemon<T>(
  socket: string,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString() || "{}") as T & { error?: string };
        if (response.statusCode === 200) resolve(answer);
        else reject(new Refusal(answer.error ?? `the running mesh answers ${response.statusCode}`));
      });
    });
    call.on("error", (error) => {
      const code = "code" in error ? error.code : "";
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") resolve(undefined);
      else reject(error);
    });
    call.end(body === undefined ? "" : JSON.stringify(body));
  });
}
