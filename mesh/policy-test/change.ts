import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import type { Change } from "./format.ts";

/**
 * Objects with the changes made to copies of them: the originals stay as they are.
 *
 * @throws when a change fits no object or no field, because the test would then prove nothing
 */
export function withChanges(objects: readonly KubeObject[], changes: readonly Change[]): KubeObject[] {
  let current = [...objects];
  for (const change of changes) {
    const fits = current.filter((object) => isMeant(object, change));
    if (fits.length === 0) throw new Error(`change: there is no ${nameOf(change)}`);
    if (change.delete) current = current.filter((object) => !fits.includes(object));
    else {
      const results = new Map(fits.map((object) => [object, changed(object, change)]));
      if (![...results.values()].some((result) => result.hits > 0)) {
        throw new Error(`change: ${nameOf(change)} has no ${[...(change.remove ?? [])].join(", ")}`);
      }
      current = current.map((object) => results.get(object)?.object ?? object);
    }
  }
  return current;
}

function isMeant({ kind, metadata }: KubeObject, change: Change): boolean {
  if (kind !== change.kind) return false;
  if (change.name !== undefined && metadata.name !== change.name) return false;
  return change.namespace === undefined || metadata.namespace === change.namespace;
}

function nameOf({ kind, namespace, name }: Change): string {
  const where = namespace ? `${namespace}/` : "";
  return name ? `${kind} ${where}${name}` : `${kind}${namespace ? ` in ${namespace}` : ""}`;
}

function changed(object: KubeObject, change: Change): { object: KubeObject; hits: number } {
  const raw = structuredClone(object.raw);
  let hits = 0;
  for (const path of change.remove ?? []) hits += remove(raw, parsePath(path));
  for (const [path, value] of Object.entries(change.set ?? {})) hits += set(raw, parsePath(path), value);
  const spec = isRecord(raw) ? raw["spec"] : undefined;
  return { object: { ...object, raw, spec }, hits };
}

/** `spec.http[0].route[*].weight` as steps; `*` stands for every item. */
function parsePath(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+|\*)\]|\["([^"]+)"\]|([^.[\]]+)/g)].map(([, index, quoted, key]) => {
    if (index !== undefined) return index === "*" ? "*" : Number(index);
    return quoted ?? key ?? "";
  });
}

function remove(value: unknown, path: (string | number)[]): number {
  const [step, ...rest] = path;
  if (step === "*" && Array.isArray(value)) return value.reduce<number>((sum, item) => sum + remove(item, rest), 0);
  if (step === undefined || !holds(value, step)) return 0;
  if (rest.length > 0) return remove(value[step], rest);
  if (Array.isArray(value)) value.splice(Number(step), 1);
  else delete value[step];
  return 1;
}

function set(value: unknown, path: (string | number)[], leaf: unknown): number {
  const [step, ...rest] = path;
  if (step === undefined) return 0;
  if (step === "*") {
    return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + set(item, rest, leaf), 0) : 0;
  }
  if (!isRecord(value) && !Array.isArray(value)) return 0;
  const container = value as Record<string | number, unknown>;
  if (rest.length === 0) {
    container[step] = structuredClone(leaf);
    return 1;
  }
  container[step] ??= typeof rest[0] === "number" ? [] : {};
  return set(container[step], rest, leaf);
}

function holds(value: unknown, step: string | number): value is Record<string | number, unknown> {
  return (isRecord(value) || Array.isArray(value)) && step in value;
}
