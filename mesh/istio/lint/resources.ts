import { groupOf, type KubeObject } from "../kube-object.ts";
import { isKind, type KindName, kinds, type Specs } from "./kinds/registry.ts";
import type { Place, Report } from "./place.ts";
import { decode } from "./schema/decode.ts";
import { suggest } from "./schema/suggest.ts";

/** An Istio object with its spec read. */
export interface Resource<T> {
  object: KubeObject;
  spec: T;
  /** The place of `spec`. */
  place: Place;
}

export type Resources = { [K in KindName]: Resource<Specs[K]>[] };

/** Reads and validates all of Istio's objects; what is wrong with any of them alone is reported. */
export function readResources(objects: readonly KubeObject[], report: Report): Resources {
  const resources = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []])) as unknown as Resources;
  for (const object of objects) {
    const kind = kindOf(object, report);
    if (kind) readResource(kind, object, { resources, report });
  }
  return resources;
}

function kindOf(object: KubeObject, report: Report): KindName | undefined {
  const group = groupOf(object.apiVersion);
  if (!group.endsWith(".istio.io")) return undefined;
  const place = report.at(object);
  if (!isKind(object.kind) || kinds[object.kind].group !== group) {
    const meant = suggest(object.kind, Object.keys(kinds));
    const hint =
      meant && isKind(meant) ? `write apiVersion: ${kinds[meant].group}/v1 and kind: ${meant}` : "correct kind";
    place.in("kind").find("M904", `${object.apiVersion} ${object.kind} is not known, and left out`, hint);
    return undefined;
  }
  const { versions } = kinds[object.kind];
  const version = object.apiVersion.slice(group.length + 1);
  if (versions.includes(version)) return object.kind;
  const hint = `write apiVersion: ${group}/${versions[0]}`;
  place.in("apiVersion").find("M904", `${object.kind} has no version ${version}, so the object is left out`, hint);
  return undefined;
}

interface Context {
  resources: Resources;
  report: Report;
}

function readResource<K extends KindName>(kind: K, object: KubeObject, { resources, report }: Context): void {
  const place = report.at(object).in("spec");
  const { schema, validate } = kinds[kind];
  const spec = (decode(schema, object.spec, place) ?? {}) as Specs[K];
  validateMetadata(kind, spec, report.at(object));
  validate(spec, place);
  resources[kind].push({ object, spec, place });
}

const dryRun = "istio.io/dry-run";
const internal = [
  "internal.istio.io/webhook-always-reject",
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
];

function validateMetadata(kind: KindName, spec: Specs[KindName], place: Place): void {
  const { annotations } = place.object.metadata;
  for (const name of internal) {
    if (name in annotations) place.in("metadata", "annotations", name).refuse(`${name} is Istio's own`, "remove it");
  }
  const value = annotations[dryRun];
  if (value === undefined) return;
  const at = place.in("metadata", "annotations", dryRun);
  const action = (spec as Specs["AuthorizationPolicy"]).action ?? "ALLOW";
  if (kind !== "AuthorizationPolicy") at.refuse(`only AuthorizationPolicies have ${dryRun}`, "remove it");
  else if (action !== "ALLOW" && action !== "DENY") at.refuse(`${action} has no dry run`, "remove the annotation");
  else if (!/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) {
    at.refuse(`"${value}" is neither true nor false`, 'write "true"');
  }
}
