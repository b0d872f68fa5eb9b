import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { adminGet } from "../envoy-admin.ts";
import type { Daemon } from "./daemon.ts";
import { Refusal } from "./refusal.ts";

interface Call {
  readonly daemon: Daemon;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** What the commands may ask for, by method and path. Answers are JSON; a Refusal is 409 `{"error": "..."}`. */
const routes: Record<string, (call: Call) => unknown> = {
  "GET /status": ({ daemon }) => daemon.status(),
  "POST /up": async ({ daemon, body }) => void (await daemon.up(texts(body["systems"]))),
  "POST /scale": ({ daemon, body }) => daemon.scale(String(body["workload"]), Number(body["replicas"])),
  "POST /restart": async ({ daemon, body }) => void (await daemon.restart(String(body["workload"]))),
  "POST /stop": async ({ daemon, body }) => void (await daemon.stop(String(body["workload"]))),
  "POST /start": async ({ daemon, body }) => void (await daemon.startAgain(String(body["workload"]))),
  "POST /apply": async ({ daemon, body }) => ({ findings: await daemon.apply(String(body["folder"])) }),
  "POST /remove": async ({ daemon, body }) => ({ removed: await daemon.removeOverlay(textOf(body["folder"])) }),
  "GET /envoy": ({ daemon, query }) => adminGet(daemon.admin, query.get("path") ?? "/"),
  "POST /down": ({ daemon }) => {
    // Answered first: the end of everything takes longer than a caller should wait for an answer.
    setImmediate(() => void daemon.close());
  },
};

/** HTTP and JSON on a unix socket that only the owner of the state can reach. */
export class ControlApi {
  readonly #socket: string;
  readonly #server: Server;

  constructor(socket: string, daemon: Daemon) {
    this.#socket = socket;
    this.#server = createServer((request, response) => void answer(daemon, request, response));
  }

  listen(): Promise<void> {
    rmSync(this.#socket, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#socket, () => resolve());
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    rmSync(this.#socket, { force: true });
  }
}

async function answer(daemon: Daemon, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://mesh");
  const route = routes[`${request.method} ${url.pathname}`];
  try {
    if (!route) return send(response, 404, { error: `the running mesh knows no ${request.method} ${url.pathname}` });
    const result = await route({ daemon, query: url.searchParams, body: await readJson(request) });
    send(response, 200, result ?? {});
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send(response, error instanceof Refusal ? 409 : 500, { error: message });
  }
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
