import { existsSync } from "node:fs";
import { Command } from "commander";
import { lint } from "#mesh/istio/lint/lint.ts";
import { loadFiles } from "#mesh/istio/load.ts";

interface Options {
  json?: boolean;
  protos?: string;
}

export function command(): Command {
  return new Command("lint")
    .summary("check Istio YAML")
    .argument("[path...]", "files or folders")
    .option("--json", "print the findings as a JSON array")
    .option("--protos <dir>", "folder of .proto files, or a descriptor image")
    .action((paths: string[], options: Options) => {
      const loaded = loadFiles(paths.length > 0 ? paths : existsSync("istio") ? ["istio"] : ["."]);
      const findings = [...loaded.findings, ...lint(loaded.objects)];
      if (options.json) process.stdout.write(`${JSON.stringify(findings, undefined, 1)}\n`);
      else for (const f of findings) console.log(`${f.file}:${f.line}:${f.column} ${f.code} ${f.message} ${f.hint}`);
      process.exitCode = findings.some(({ severity }) => severity === "error") ? 1 : 0;
    });
}
