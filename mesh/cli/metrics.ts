import { createServer } from "node:http";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { stateAt } from "#mesh/local/daemon/state.ts";
import { readMetrics } from "#mesh/local/metrics/metrics.ts";

interface Options {
  readonly state: string;
  readonly port?: number;
}

export function command(): Command {
  return new Command("metrics")
    .description("Prints what Envoy counts, under Istio's names, as Prometheus reads it")
    .option("--port <number>", "serve it at http://127.0.0.1:PORT/metrics until interrupted", portOf)
    .option("--state <dir>", "the mesh's state folder", ".mesh")
    .action(async (options: Options) => {
      const admin = join(stateAt(options.state).run, "admin.sock");
      if (options.port !== undefined) return serve(admin, options.port);
      try {
        process.stdout.write(await readMetrics(admin));
      } catch {
        console.error(`no mesh runs on ${options.state}; start one by "mesh up"`);
        process.exitCode = 1;
      }
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new InvalidArgumentError("a port is a number from 0 to 65535");
}

function serve(admin: string, port: number): void {
  const server = createServer(async (request, answer) => {
    if (request.url !== "/metrics") return void answer.writeHead(404).end();
    try {
      answer.setHeader("content-type", "text/plain; version=0.0.4").end(await readMetrics(admin));
    } catch {
      answer.writeHead(503).end("no mesh runs\n");
    }
  });
  server.once("error", (error) => {
    console.error(`port ${port} cannot be served: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    console.log(`http://127.0.0.1:${typeof address === "object" && address ? address.port : port}/metrics`);
  });
}
