import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Contracts } from "#mesh/istio/lint/contracts.ts";
import { formatFindings } from "#mesh/istio/lint/format.ts";
import { lint, sortFindings } from "#mesh/istio/lint/lint.ts";
import { ContractsError, loadContracts } from "#mesh/istio/lint/load-contracts.ts";
import { loadFiles } from "#mesh/istio/load.ts";

interface Options {
  json?: boolean;
  protos?: string;
  strict?: boolean;
}

export function command(): Command {
  return new Command("lint")
    .summary("check Istio YAML: what istiod refuses, what will not work, and why")
    .description(
      "Checks Istio and Kubernetes YAML: what istiod's webhook refuses or warns about, what `istioctl analyze` finds, and what the " +
        "policies will do at run time. Exits with 1 when there are errors, with --strict also when there are warnings.",
    )
    .argument("[path...]", "files or folders (default: istio/ and services/*/*/k8s.yaml where they exist, else .)")
    .option("--json", "print an array of {code, severity, file, line, column, path, message, hint}")
    .option(
      "--protos <path>",
      "folder of .proto files, or descriptor image (default: gen/image.binpb, or proto/ with buf)",
    )
    .option("--strict", "exit with 1 when there are warnings too")
    .action(run);
}

function run(paths: string[], options: Options): void {
  const contracts = contractsOf(options.protos);
  if (!contracts) return;
  const loaded = loadFiles(paths.length > 0 ? paths : defaultPaths());
  const findings = sortFindings([...loaded.findings, ...lint(loaded.objects, contracts)]);
  const text = options.json
    ? `${JSON.stringify(findings, undefined, 1)}\n`
    : formatFindings(findings, { color: process.stdout.isTTY === true && !process.env["NO_COLOR"] });
  process.stdout.write(text);
  const failing = options.strict ? ["error", "warning"] : ["error"];
  process.exitCode = findings.some(({ severity }) => failing.includes(severity)) ? 1 : 0;
}

/** Says what is wrong and sets the exit status where the contracts cannot be read. */
function contractsOf(path: string | undefined): Contracts | undefined {
  try {
    return loadContracts(path);
  } catch (error) {
    if (!(error instanceof ContractsError)) throw error;
    process.stderr.write(`mesh lint: ${error.message}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

function defaultPaths(): string[] {
  const istio = existsSync("istio") ? ["istio"] : [];
  const found = [...istio, ...workloadFiles()];
  return found.length > 0 ? found : ["."];
}

/** services/<system>/<service>/k8s.yaml */
function workloadFiles(): string[] {
  return foldersIn("services")
    .flatMap(foldersIn)
    .map((folder) => join(folder, "k8s.yaml"))
    .filter((file) => existsSync(file));
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => join(folder, name)).sort();
}
