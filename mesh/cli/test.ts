import { existsSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import pc from "picocolors";
import type { Finding } from "#mesh/istio/finding.ts";
import { toJunit } from "#mesh/policy-test/junit.ts";
import { findTestFiles, loadTests } from "#mesh/policy-test/load-tests.ts";
import { passed, type TestResult } from "#mesh/policy-test/result.ts";
import { type Run, runTests } from "#mesh/policy-test/run-tests.ts";
import { toTap } from "#mesh/policy-test/tap.ts";

interface Options {
  policies?: string[];
  only?: string;
  tap?: boolean;
  junit?: string;
}

/** `mesh test`: runs tests of policies; docs/mesh-test.md describes their format. */
export function command(): Command {
  return new Command("test")
    .description("run tests of policies: routing in memory, timeouts, retries and breakers on a real Envoy")
    .argument("[files...]", "test files, or folders with *.test.yaml files", ["istio"])
    .option("-p, --policies <paths...>", "policies of test files that name none (default: istio)")
    .option("--only <text>", "run only tests whose name contains the text")
    .option("--tap", "print TAP 14")
    .option("--junit <file>", "write the results as JUnit XML, too")
    .action(async (files: string[], options: Options) => {
      // An orderly exit takes Envoy along; the signals' own does not.
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
      process.exitCode = (await run(files, options)) ? 0 : 1;
    });
}

async function run(files: string[], options: Options): Promise<boolean> {
  const loaded = loadTests(findTestFiles(files));
  const { tap = false, only, policies = ["istio"].filter((path) => existsSync(path)) } = options;
  const show = tap ? {} : { onResult: print };
  const ran = await runTests(loaded, { policies, ...(only === undefined ? {} : { only }), ...show });
  const findings = [...loaded.findings, ...ran.findings];
  for (const finding of findings) process.stderr.write(`${formatFinding(finding)}\n`);
  if (tap) process.stdout.write(toTap(ran.results));
  else process.stdout.write(summary(ran));
  if (options.junit !== undefined) writeFileSync(options.junit, toJunit(ran.results));
  return findings.length === 0 && ran.results.length > 0 && ran.results.every(passed);
}

function print(result: TestResult): void {
  const mark = passed(result) ? pc.green("✓") : pc.red("✗");
  const took = pc.dim(`${(result.tookMs / 1_000).toFixed(1)}s`);
  process.stdout.write(`${mark} ${result.suite}: ${result.name} ${took}\n`);
  if (passed(result)) return;
  process.stdout.write(`    ${pc.dim(`${result.file}:${result.line}`)}\n`);
  for (const failure of result.failures) process.stdout.write(`    ${failure}\n`);
}

function summary({ results }: Run): string {
  if (results.length === 0) return "no tests: name a file, or a folder with *.test.yaml files\n";
  const failed = results.filter((result) => !passed(result)).length;
  const verdict = failed === 0 ? pc.green(`${results.length} passed`) : pc.red(`${failed} of ${results.length} failed`);
  return `${verdict}\n`;
}

function formatFinding({ code, severity, file, line, column, message, hint }: Finding): string {
  return `${file}:${line}:${column}: ${severity} ${code}: ${message}\n    ${hint}`;
}
