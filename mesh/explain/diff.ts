import { existsSync } from "node:fs";
import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import { buildWorld, madeUpFile, type World } from "#mesh/policy-test/world.ts";
import { diffEnvoy, type Effect } from "./diff-envoy.ts";
import { diffObjects, type ObjectChange } from "./diff-objects.ts";
import { readVersion } from "./read-version.ts";

export interface Difference {
  /** What is different in the YAML. */
  objects: ObjectChange[];
  /** What that does to the proxies. */
  effects: Effect[];
  /** `namespace/name` of the workloads whose proxies stay as they are. */
  untouched: string[];
  /** What cannot be read, on either side. */
  findings: Finding[];
}

/**
 * Compares two versions of policies.
 *
 * @param workloads files and folders with the Services and Deployments that both versions are about
 * @throws when a version cannot be found
 */
export function diffVersions(before: string, after: string, workloads: readonly string[]): Difference {
  const [old, now] = [readVersion(before), readVersion(after)];
  const common = loadFiles(workloads.filter((path) => existsSync(path))).objects;
  const policiesOnly = { objects: diffObjects(old.objects, now.objects) };
  // What one side has and the other has not, the policies must still be about: both sides see both sides' hosts.
  const both = buildWorld([...old.objects, ...now.objects, ...common]);
  const hosts = both.objects.filter(isMadeUp);
  const callers = callersFor(both).map((id) => ({ id, called: false }));
  const worldOf = (objects: KubeObject[]) => buildWorld([...objects, ...common, ...hosts], callers);
  const findings = [...old.findings, ...now.findings].filter(({ severity }) => severity === "error");
  return { ...policiesOnly, ...diffEnvoy(worldOf(old.objects), worldOf(now.objects)), findings };
}

/** A namespace of which no workload is known still has callers: one stands for all of them. */
function callersFor({ objects, workloads }: World): string[] {
  const inhabited = new Set([...workloads.values()].map(({ namespace }) => namespace));
  const named = new Set(objects.map(({ metadata }) => metadata.namespace));
  return [...named]
    .filter((namespace) => namespace !== "" && !inhabited.has(namespace))
    .map((namespace) => `${namespace}/any`);
}

function isMadeUp({ source }: { source: { file: string } }): boolean {
  return source.file === madeUpFile;
}
