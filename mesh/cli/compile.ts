import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { Finding } from "#mesh/istio/finding.ts";
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
    .option("--local", "print what the laptop's Envoy would run, as a bootstrap that `envoy --mode validate` reads")
    .option("--findings", "print on the standard error what could not be used")
    .action(async (input: string, proxies: string | undefined, options: Options) => {
      if (options.local) return printLocal(input, options);
      if (!proxies) throw new Error("mesh compile needs a JSON file with proxies as its second argument");
      const { configurations, findings } = compileAll(input, JSON.parse(readFileSync(proxies, "utf8")) as Proxy[]);
      if (options.findings) printFindings(findings);
      process.stdout.write(`${JSON.stringify(configurations)}\n`);
    });
}

interface Options {
  readonly likeIstiod?: boolean;
  readonly local?: boolean;
  readonly findings?: boolean;
}

async function printLocal(input: string, options: Options): Promise<void> {
  // Loaded only here: it brings Envoy's API and certificates with it.
  const { compileLocally } = await import("#mesh/local/compile-local.ts");
  const loaded = loadFiles([input]);
  const { bootstrap, findings } = await compileLocally(loaded.objects);
  const all = [...loaded.findings, ...findings];
  const errors = all.filter(({ severity }) => severity === "error");
  printFindings(options.findings ? all : errors);
  process.stdout.write(`${JSON.stringify(bootstrap, undefined, 1)}\n`);
  if (errors.length > 0) process.exitCode = 1;
}

function printFindings(findings: readonly Finding[]): void {
  for (const { file, line, column, code, message } of findings) {
    process.stderr.write(`${file}:${line}:${column}: ${code} ${message}\n`);
  }
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
