import { groupOf, isRecord, type KubeObject } from "../kube-object.ts";
import { isKind, type KindName, kinds, type Specs } from "./kinds/registry.ts";
import type { Place, Report } from "./place.ts";
import { decode } from "./schema/decode.ts";
import { suggest } from "./schema/suggest.ts";
import type { Fields, FieldType, MessageType } from "./schema/types.ts";

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
  const { apiVersion } = object;
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(group.length + 1);
  const place = report.at(object);
  const meant = meantKind(object.kind, group);
  if (meant === undefined) {
    if (!group.endsWith(".istio.io")) return undefined;
    const known = groups.has(group);
    const message = `${apiVersion} ${object.kind} is not known, and left out`;
    if (known) place.in("kind").find("M014", noMatches(`${group} has no kind ${object.kind}`), "correct kind");
    else place.in("kind").find("M904", message, "correct kind and apiVersion, or keep it if another tool reads it");
    return undefined;
  }
  const { group: right, versions } = kinds[meant];
  const hint = `write apiVersion: ${right}/${versions.includes(version) ? version : versions[0]} and kind: ${meant}`;
  if (group !== right) {
    place.in("apiVersion").find("M014", noMatches(`${meant} is of ${right}, not of ${group}`), hint);
  } else if (object.kind !== meant) {
    place.in("kind").find("M014", noMatches(`${group} has no kind ${object.kind}`), hint);
  } else if (!versions.includes(version)) {
    place.in("apiVersion").find("M014", noMatches(`${meant} has no version ${version}`), hint);
  } else {
    return meant;
  }
  return undefined;
}

const groups = new Set(Object.values(kinds).map(({ group }) => group));

/** The kind of Istio's that a document is of, or was meant to be: right, or a slip away in its kind or its group. */
function meantKind(kind: string, group: string): KindName | undefined {
  if (isKind(kind)) {
    const right = kinds[kind].group;
    return groups.has(group) || suggest(group, [right]) !== undefined ? kind : undefined;
  }
  const meant = groups.has(group) ? suggest(kind, Object.keys(kinds)) : undefined;
  return meant !== undefined && isKind(meant) ? meant : undefined;
}

function noMatches(reason: string): string {
  return `Kubernetes refuses the object: ${reason}`;
}

interface Context {
  resources: Resources;
  report: Report;
}

function readResource<K extends KindName>(kind: K, object: KubeObject, { resources, report }: Context): void {
  const place = report.at(object).in("spec");
  const { schema, validate } = kinds[kind];
  const spec = (decode(schema, object.spec, place) ?? {}) as Specs[K];
  checkTopLevel(object, schema, report);
  validateMetadata(kind, spec, report.at(object));
  validate(spec, place);
  resources[kind].push({ object, spec, place });
}

const topLevel = ["apiVersion", "kind", "metadata", "spec", "status"];

/** Fields beside `spec`, which are often meant to stand in it (M013). */
function checkTopLevel(object: KubeObject, schema: FieldType, report: Report): void {
  if (!isRecord(object.raw)) return;
  for (const name of Object.keys(object.raw)) {
    if (topLevel.includes(name)) continue;
    const inSpec = schema.kind === "message" && Object.hasOwn((schema as MessageType<Fields>).fields, name);
    const meant = suggest(name, topLevel);
    const hint = inSpec ? "it is a field of spec: write it there" : meant ? `did you mean ${meant}?` : "remove it";
    const message = `${name.slice(0, 60)} is no field of this object: Kubernetes drops it, so it has no effect`;
    report.at(object).in(name).find("M013", message, hint);
  }
}

const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function checkName(name: string, place: Place): void {
  if (name.length <= 253 && objectName.test(name)) return;
  const better = name.toLowerCase().replaceAll(/[^-.a-z0-9]+/g, "-");
  const hint = objectName.test(better) ? `write ${better}` : "write lower-case letters, digits, dashes and dots";
  place.find("M014", `Kubernetes refuses the object: "${name.slice(0, 60)}" is no name for it`, hint);
}

const dryRun = "istio.io/dry-run";
const internal = [
  "internal.istio.io/webhook-always-reject",
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
];

function validateMetadata(kind: KindName, spec: Specs[KindName], place: Place): void {
  checkName(place.object.metadata.name, place.in("metadata", "name"));
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
