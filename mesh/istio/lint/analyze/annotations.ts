import { textsAt } from "../field.ts";
import type { Place } from "../place.ts";
import { suggest } from "../schema/suggest.ts";
import type { World } from "../world.ts";
import { annotationValueProblem } from "./annotation-values.ts";
import { annotationKinds, deprecatedAnnotations, writtenByIstio } from "./istio-annotations.ts";

const looked = new Set(["Namespace", "Service", "Pod", "Deployment"]);

/** Where annotations stand: the kind, and the labels beside them. */
interface Holder {
  kind: string;
  annotations: Record<string, string>;
  labels: Record<string, string>;
  place: Place;
}

/**
 * Istio's annotations that do not exist (IST0108), stand on a kind that has them not (IST0107), have a value that Istio refuses
 * (IST0125) or are deprecated (IST0135). That nearly all of them are alpha (IST0136) `istioctl analyze` leaves out, as noise.
 */
export function analyzeAnnotations(world: World): void {
  for (const object of world.objects) {
    if (!looked.has(object.kind)) continue;
    const { annotations, labels } = object.metadata;
    analyzeHolder({ kind: object.kind, annotations, labels, place: world.at(object).in("metadata", "annotations") });
  }
  for (const { object } of world.workloads) {
    if (object.kind === "Pod") continue;
    const path = ["spec", "template", "metadata"];
    const annotations = textsAt(object.raw, ...path, "annotations");
    const labels = textsAt(object.raw, ...path, "labels");
    analyzeHolder({ kind: "Pod", annotations, labels, place: world.at(object).in(...path, "annotations") });
  }
}

function analyzeHolder(holder: Holder): void {
  for (const [name, value] of Object.entries(holder.annotations)) {
    if (!name.split("/")[0]?.endsWith("istio.io") && name !== "kubernetes.io/ingress.class") continue;
    if (!writtenByIstio.has(name)) analyze(name, value, holder);
  }
}

function analyze(name: string, value: string, { kind, labels, place }: Holder): void {
  const at = place.in(name);
  const kinds = annotationKinds.get(name);
  if (!kinds) {
    const meant = suggest(name, annotationKinds.keys());
    const hint = meant ? `did you mean ${meant}?` : "remove it";
    return at.find("IST0108", `Istio has no annotation ${name}, so it has no effect`, hint);
  }
  const instead = deprecatedAnnotations.get(name);
  if (instead && !(name in labels)) {
    at.find("IST0135", `${name} is deprecated: a later release of Istio does without it`, instead);
  }
  if (kinds.includes("Any")) return;
  if (!kinds.includes(kind)) {
    const hint = kinds.includes("Pod") ? "move it to spec.template.metadata.annotations" : `move it to a ${kinds[0]}`;
    return at.find("IST0107", `${name} has no effect on a ${kind}: it is for ${kinds.join(", ")}`, hint);
  }
  const problem = annotationValueProblem(name, value);
  if (problem)
    at.find("IST0125", `Istio refuses to inject its sidecar, so no pod starts: ${problem.reason}`, problem.hint);
}
