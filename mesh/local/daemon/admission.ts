import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { Report } from "#mesh/istio/lint/place.ts";
import { readResources } from "#mesh/istio/lint/resources.ts";
import { identityOf } from "../kustomize/object-set.ts";

/**
 * What istiod's validating webhook is in a cluster: an object that it refuses does not take the place of the one before; where
 * there is none before, it is left out.
 */
export class Admission {
  #admitted = new Map<string, KubeObject>();

  admit(objects: readonly KubeObject[]): { objects: readonly KubeObject[]; findings: Finding[] } {
    const { refused, findings } = review(objects);
    const admitted = refused.size === 0 ? objects : objects.flatMap((object) => this.#orBefore(object, refused));
    this.#admitted = new Map(admitted.map((object) => [identityOf(object), object]));
    return { objects: admitted, findings };
  }

  #orBefore(object: KubeObject, refused: ReadonlySet<KubeObject>): KubeObject[] {
    if (!refused.has(object)) return [object];
    const before = this.#admitted.get(identityOf(object));
    return before ? [before] : [];
  }
}

/** The objects that istiod refuses, and why. */
export function review(objects: readonly KubeObject[]): { refused: ReadonlySet<KubeObject>; findings: Finding[] } {
  const report = new Report();
  readResources(objects, report);
  const refusals = report.reported.filter(({ finding }) => finding.severity === "error");
  return { refused: new Set(refusals.map(({ object }) => object)), findings: refusals.map(({ finding }) => finding) };
}
