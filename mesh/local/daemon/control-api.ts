import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { adminGet } from "../envoy-admin.ts";
import { Commands } from "./commands.ts";
import type { Daemon } from "./daemon.ts";
import { Refusal } from "./refusal.ts";
import { reportStatus } from "./report.ts";

interface Call {
  readonly daemon: Daemon;
  readonly commands: Commands;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** What the commands may ask for, by method and path. Answers are JSON; a Refusal is 409 `{"error": "..."}`. */
const routes: Record<string, (call: Call) => unknown> = {
  "GET /status": ({ daemon }) => reportStatus(daemon),
  "POST /up": ({ daemon, body }) => daemon.up(texts(body["systems"])),
  "POST /scale": ({ commands, body }) => commands.scale(String(body["workload"]), Number(body["replicas"])),
  "POST /restart": ({ commands, body }) => commands.restart(String(body["workload"])),
  "POST /stop": ({ commands, body }) => commands.stop(String(body["workload"])),
  "POST /start": ({ commands, body }) => commands.start(String(body["workload"])),
  "POST /apply": async ({ commands, body }) => ({ findings: await commands.apply(String(body["folder"])) }),
  "POST /remove": async ({ commands, body }) => ({ removed: await commands.remove(textOf(body["folder"])) }),
  "GET /envoy": ({ commands, query }) => adminGet(commands.admin, query.get("path") ?? "/"),
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
    const result = await route({
      daemon,
      commands: new Commands(daemon),
      query: url.searchParams,
      body: await readJson(request),
    });
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
