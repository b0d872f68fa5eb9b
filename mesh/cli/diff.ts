import { Command } from "commander";
import { diffVersions } from "#mesh/explain/diff.ts";
import { printDiff } from "#mesh/explain/print-diff.ts";

/** `mesh diff`: what a change of YAML does, and to whom. */
export function command(): Command {
  return new Command("diff")
    .description(
      "compare two versions of Istio YAML: fields, callers and callees touched, the Envoy configuration behind it",
    )
    .argument("<old>", "a file, a folder, or git:REF:PATH as in git:HEAD~1:istio")
    .argument("<new>", "the same, as in istio")
    .option("-w, --workloads <paths...>", "Services and Deployments that the policies are about", ["services"])
    .option("--json", "print JSON")
    .action((before: string, after: string, options: { workloads: string[]; json?: boolean }) => {
      try {
        const difference = diffVersions(before, after, options.workloads);
        for (const { file, line, column, message } of difference.findings) {
          process.stderr.write(`${file}:${line}:${column}: ${message}\n`);
        }
        process.stdout.write(options.json ? `${JSON.stringify(difference, undefined, 2)}\n` : printDiff(difference));
        process.exitCode = difference.findings.length > 0 ? 1 : 0;
      } catch (error) {
        process.stderr.write(`mesh diff: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 2;
      }
    });
}
