import type { Finding } from "../finding.ts";
import type { KubeObject } from "../kube-object.ts";
import { Report } from "./place.ts";
import { readResources } from "./resources.ts";

/** Checks Kubernetes and Istio objects; every finding, sorted by file and line. */
export function lint(objects: readonly KubeObject[]): Finding[] {
  const report = new Report();
  readResources(objects, report);
  return sortFindings(report.findings);
}

export function sortFindings(findings: readonly Finding[]): Finding[] {
  const keyed = [...findings];
  keyed.sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.code, b.code) ||
      compare(a.path, b.path),
  );
  return keyed;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
