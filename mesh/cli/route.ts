import { existsSync } from "node:fs";
import { Command } from "commander";
import { explainRoute, seenRequest } from "#mesh/explain/explain-route.ts";
import type { Explanation } from "#mesh/explain/explanation.ts";
import { printRoute } from "#mesh/explain/print-route.ts";
import { proxyOf } from "#mesh/explain/proxies.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import { buildWorld } from "#mesh/policy-test/world.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";

interface Options {
  from: string;
  to: string;
  method: string;
  header: string[];
  json?: boolean;
}

/** `mesh route`: what becomes of one request, and which line of YAML says so. */
export function command(): Command {
  return new Command("route")
    .description("explain which VirtualService, route, timeout, retries and breaker a request meets, with their lines")
    .argument("[paths...]", "Istio YAML, Services and Deployments (default: istio and services)")
    .requiredOption("--from <workload>", "the caller, namespace/name; istio-system/istio-ingressgateway is the gateway")
    .requiredOption("--to <authority>", "what it dials, as in product.siren:50051")
    .option(
      "--method <method>",
      "a gRPC method (package.Service/Method), or an HTTP method and path in quotes",
      "GET /",
    )
    .option("--header <name=value>", "a header it sends; may be repeated", collect, [])
    .option("--json", "print JSON")
    .action((paths: string[], options: Options) => {
      try {
        const explanation = explain(paths, options);
        process.stdout.write(options.json ? `${JSON.stringify(explanation, undefined, 2)}\n` : printRoute(explanation));
      } catch (error) {
        process.stderr.write(`mesh route: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 2;
      }
    });
}

function explain(paths: string[], { from, to, method, header }: Options): Explanation {
  const files = paths.length > 0 ? paths : ["istio", "services"].filter((path) => existsSync(path));
  if (files.length === 0) throw new Error("name the files: there is neither istio nor services here");
  if (!/^[^/]+\/[^/]+$/.test(from)) throw new Error(`--from ${from}: write namespace/name, as in siren/order`);
  const { objects } = loadFiles(files);
  const world = buildWorld(objects, [{ id: from, called: false }]);
  const workload = world.workloads.get(from);
  if (!workload) throw new Error(`there is no workload ${from}`);
  const { mesh } = buildMesh(world.objects);
  const request = seenRequest({ to, ...requestOf(method), headers: Object.fromEntries(header.map(pair)) });
  return explainRoute({
    mesh,
    objects: world.objects,
    workloads: world.workloads.values(),
    proxy: proxyOf(workload, world),
    from,
    request,
  });
}

/** `siren.product.v1.ProductService/GetProduct`, with a slash in front or not, or `GET /path`. */
function requestOf(method: string): { method: string; path: string; grpc: boolean } {
  const [verb = "", path] = method.split(" ", 2);
  if (path !== undefined) return { method: verb, path, grpc: false };
  return { method: "POST", path: verb.startsWith("/") ? verb : `/${verb}`, grpc: true };
}

function pair(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new Error(`--header ${text}: write name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
