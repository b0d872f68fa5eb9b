import { readFileSync } from "node:fs";
import { Command } from "commander";
import { loadFiles } from "#mesh/istio/load.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import type { JsonObject } from "#mesh/xds/json.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import type { Proxy } from "#mesh/xds/proxy.ts";

/** `mesh compile`: Kubernetes and Istio YAML in, Envoy configuration out. */
export function command(): Command {
  return new Command("compile")
    .description("print the Envoy configuration that Istio would make of a file of Kubernetes and Istio YAML")
    .argument("<input>", "a YAML file or folder")
    .argument("[proxies]", "a JSON file with the proxies to compile for")
    .option("--like-istiod", "print exactly what istiod pushes: one JSON object, by proxy name")
    .option("--findings", "print on the standard error what could not be used")
    .action((input: string, proxies: string | undefined, options: { likeIstiod?: boolean; findings?: boolean }) => {
      if (!proxies) throw new Error("mesh compile needs a JSON file with proxies as its second argument");
      const { configurations, findings } = compileAll(input, JSON.parse(readFileSync(proxies, "utf8")) as Proxy[]);
      if (options.findings) {
        for (const { file, line, column, code, message } of findings) {
          process.stderr.write(`${file}:${line}:${column}: ${code} ${message}\n`);
        }
      }
      process.stdout.write(`${JSON.stringify(configurations)}\n`);
    });
}

function compileAll(input: string, proxies: Proxy[]) {
  const { objects, findings } = loadFiles([input]);
  const built = buildMesh(objects);
  findings.push(...built.findings);
  const configurations: Record<string, Record<string, JsonObject[]>> = {};
  for (const proxy of proxies) {
    const { findings: own, ...resources } = compileProxy(built.mesh, proxy);
    findings.push(...own);
    configurations[proxy.name] = { ...resources };
  }
  return { configurations, findings };
}
