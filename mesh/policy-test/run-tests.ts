import { existsSync } from "node:fs";
import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import type { Path, Source } from "#mesh/istio/source.ts";
import type { Suite } from "./format.ts";
import { type LoadedTests, testFinding } from "./load-tests.ts";
import type { RequestSuite } from "./request-format.ts";
import type { TestResult } from "./result.ts";
import { runBehaviour } from "./run-behaviour.ts";
import { runRequestCase } from "./run-request-case.ts";
import { runRouting } from "./run-routing.ts";

export interface RunOptions {
  /** Policies of suites that name none. */
  policies: readonly string[];
  /** Only tests whose name, with the suite's in front (`suite: name`), contains this. */
  only?: string;
  /** Called when a test has ended, in order. */
  onResult?(result: TestResult): void;
}

export interface Run {
  results: TestResult[];
  /** What is wrong with the files that the tests name. */
  findings: Finding[];
}

/** Runs tests one after the other. A test that cannot be run is one that failed. */
export async function runTests(loaded: LoadedTests, options: RunOptions): Promise<Run> {
  const run: Run = { results: [], findings: [] };
  const plans = [
    ...loaded.suites.map((suite) => planSuite(suite, options, run.findings)),
    ...loaded.requestSuites.map((suite) => planRequestSuite(suite, options, run.findings)),
  ];
  for (const { name, source, tests } of plans) {
    for (const test of tests) {
      if (options.only !== undefined && !`${name}: ${test.name}`.includes(options.only)) continue;
      const startMs = performance.now();
      const failures = await test
        .run()
        .catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
      const { line } = source.locate(test.path);
      const result = { suite: name, file: source.file, line, name: test.name, failures };
      run.results.push({ ...result, tookMs: performance.now() - startMs });
      options.onResult?.(run.results.at(-1) as TestResult);
    }
  }
  return run;
}

interface Plan {
  name: string;
  source: Source;
  tests: { name: string; path: Path; run(): Promise<string[]> }[];
}

function planSuite(suite: Suite, options: RunOptions, findings: Finding[]): Plan {
  const { name, source, change } = suite;
  const own = { paths: suite.policies, at: ["spec", "policies"] };
  const policies = loadPart(source, own.paths ? own : { paths: options.policies, at: ["spec"] }, findings);
  const objects = [...policies, ...loadPart(source, { paths: suite.workloads, at: ["spec", "workloads"] }, findings)];
  const context = { objects, change };
  const tests = [
    ...suite.routing.map((test) => ({ ...test, run: async () => runRouting(test, context) })),
    ...suite.behaviour.map((test) => ({ ...test, run: () => runBehaviour(test, context) })),
  ];
  return { name, source, tests };
}

function planRequestSuite({ file, source, cases }: RequestSuite, options: RunOptions, findings: Finding[]): Plan {
  const objects = loadPart(source, { paths: options.policies, at: ["testCases"] }, findings);
  const tests = cases.map((test) => ({
    name: test.description,
    path: test.path,
    run: async () => runRequestCase(test, objects),
  }));
  return { name: file, source, tests };
}

/** Loads files that a test names. What is wrong with the YAML itself is `mesh lint`'s to say, unless it cannot be read. */
function loadPart(
  source: Source,
  { paths, at }: { paths: readonly string[] | undefined; at: Path },
  findings: Finding[],
): KubeObject[] {
  const missing = (paths ?? []).filter((path) => !existsSync(path));
  for (const path of missing) {
    findings.push(testFinding(source, at, `${path}: no such file or folder`, "paths are relative to the test's file"));
  }
  if (paths?.length === 0 && at[1] !== "workloads") {
    findings.push(testFinding(source, at, "there are no policies to test", "name them: spec.policies, or --policies"));
  }
  const loaded = loadFiles((paths ?? []).filter((path) => !missing.includes(path)));
  findings.push(...loaded.findings.filter(({ code, file }) => code === "M901" && !/\.test\.ya?ml$/.test(file)));
  return loaded.objects.filter(({ kind }) => kind !== "PolicyTest");
}
