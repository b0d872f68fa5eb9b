import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { type Finding, formatPath } from "#mesh/istio/finding.ts";
import { isRecord } from "#mesh/istio/kube-object.ts";
import { type Path, Source } from "#mesh/istio/source.ts";
import { readDocument, splitDocuments } from "#mesh/istio/yaml.ts";
import schema from "../../docs/mesh-test.schema.json" with { type: "json" };
import type { BehaviourCase, Change, RoutingCase, Suite } from "./format.ts";
import { type Schema, violationsOf } from "./json-schema.ts";
import { type RequestSuite, readRequestSuite } from "./request-format.ts";

export interface LoadedTests {
  suites: Suite[];
  /** Files in the format of istio-config-validator. */
  requestSuites: RequestSuite[];
  findings: Finding[];
}

/** A test file that cannot be used as it stands. */
export const badTest = { code: "M950", severity: "error" } as const;

const testFile = /\.test\.ya?ml$/;

/** The test files that the arguments name: files as they are, and every `*.test.yaml` under folders. */
export function findTestFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules")
      .filter((entry) => entry.isDirectory() || testFile.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => (entry.isDirectory() ? findTestFiles([join(path, entry.name)]) : join(path, entry.name)));
  });
}

/** Reads test files. Never throws: what cannot be read or is not in the format is a finding. */
export function loadTests(files: readonly string[]): LoadedTests {
  const loaded: LoadedTests = { suites: [], requestSuites: [], findings: [] };
  for (const file of files) {
    try {
      addFile(readFileSync(file, "utf8"), file, loaded);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      loaded.findings.push({ ...badTest, file, line: 1, column: 1, path: "", message, hint: "check the path" });
    }
  }
  return loaded;
}

/** Reads the tests of one text; `file` names it in findings and is what its paths are relative to. */
export function loadTestText(text: string, file: string): LoadedTests {
  const loaded: LoadedTests = { suites: [], requestSuites: [], findings: [] };
  addFile(text, file, loaded);
  return loaded;
}

function addFile(text: string, file: string, loaded: LoadedTests): void {
  for (const document of splitDocuments(text, file)) {
    const { value, errors } = readDocument(document);
    const source = new Source(document);
    for (const { at, message, hint } of errors) {
      loaded.findings.push({ ...badTest, file, ...at, path: "", message, hint });
    }
    if (isRecord(value) && Array.isArray(value["testCases"])) {
      const read = readRequestSuite(value["testCases"], source);
      loaded.requestSuites.push(read.suite);
      loaded.findings.push(...read.findings);
    } else if (value !== undefined) addSuite(value, source, loaded);
  }
}

function addSuite(value: unknown, source: Source, loaded: LoadedTests): void {
  const kind = isRecord(value) ? value["kind"] : undefined;
  if (kind !== "PolicyTest") {
    const message = `not a test: the kind is ${kind ? String(kind) : "missing"}`;
    const hint =
      "write apiVersion: mainsheet.dev/v1 and kind: PolicyTest, or testCases as istio-config-validator has them";
    loaded.findings.push(testFinding(source, [], message, hint));
    return;
  }
  const violations = violationsOf(schema as Schema, value);
  for (const { path, message, hint } of violations) loaded.findings.push(testFinding(source, path, message, hint));
  if (violations.length === 0) loaded.suites.push(toSuite(value as Valid, source));
}

/** A finding about a test file. */
export function testFinding(source: Source, path: Path, message: string, hint: string): Finding {
  return { ...badTest, file: source.file, ...source.locate(path), path: formatPath(path), message, hint };
}

/** A document that the schema has accepted. */
interface Valid {
  metadata: { name: string };
  spec: {
    policies?: string[];
    workloads?: string[];
    change?: Change[];
    routing?: Omit<RoutingCase, "path">[];
    behaviour?: Omit<BehaviourCase, "path">[];
  };
}

function toSuite({ metadata, spec }: Valid, source: Source): Suite {
  const folder = dirname(source.file);
  const open = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  return {
    name: metadata.name,
    file: source.file,
    source,
    policies: spec.policies?.map(open),
    workloads: (spec.workloads ?? []).map(open),
    change: spec.change ?? [],
    routing: (spec.routing ?? []).map((test, index) => ({ ...test, path: ["spec", "routing", index] })),
    behaviour: (spec.behaviour ?? []).map((test, index) => ({ ...test, path: ["spec", "behaviour", index] })),
  };
}
