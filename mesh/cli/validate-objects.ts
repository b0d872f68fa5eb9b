import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";

/** What a cluster with Istio would refuse to take. */
export function validate(_objects: readonly KubeObject[]): Finding[] {
  return [];
}
