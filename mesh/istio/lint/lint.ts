import type { Finding } from "../finding.ts";
import type { KubeObject } from "../kube-object.ts";
import { analyze } from "./analyze/analyze.ts";
import { Contracts } from "./contracts.ts";
import { reportDuplicates } from "./duplicates.ts";
import { Report } from "./place.ts";
import { checkPolicies } from "./policies/policies.ts";
import { suppress } from "./suppress.ts";
import { World } from "./world.ts";

/**
 * Checks Kubernetes and Istio objects: each by itself as istiod's webhook does, together as `istioctl analyze` does, and for what
 * their policies will do at run time. `contracts` are the gRPC methods that the policies are for, where they are known. All
 * findings that are not suppressed, sorted by file and line.
 */
export function lint(objects: readonly KubeObject[], contracts = new Contracts()): Finding[] {
  const report = new Report();
  reportDuplicates(objects, report);
  const world = new World(objects, contracts, report);
  analyze(world);
  checkPolicies(world);
  const kept = suppress(report.reported.splice(0), world, report);
  return sortFindings([...kept, ...report.reported.map(({ finding }) => finding)]);
}

export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.code, b.code) ||
      compare(a.path, b.path),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
