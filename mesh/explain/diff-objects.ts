import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Path } from "#mesh/istio/source.ts";
import { diffJson } from "./json-diff.ts";

export interface ObjectChange {
  kind: string;
  namespace: string;
  name: string;
  change: "added" | "removed" | "changed";
  fields: ObjectField[];
}

export interface ObjectField {
  path: string;
  before?: unknown;
  after?: unknown;
  /** `file:line` of the field, or of what is nearest above it, on the side where it stands. */
  beforeAt?: string;
  afterAt?: string;
}

/** The objects that are different, with the fields that are, in the order of kind, namespace and name. */
export function diffObjects(before: readonly KubeObject[], after: readonly KubeObject[]): ObjectChange[] {
  const old = byIdentity(before);
  const now = byIdentity(after);
  const identities = [...new Set([...old.keys(), ...now.keys()])].sort();
  return identities.flatMap((identity) => compare(old.get(identity), now.get(identity)) ?? []);
}

/** The later of two documents for one object counts, as with `kubectl apply`. */
function byIdentity(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace}/${object.metadata.name}`, object]),
  );
}

function compare(old: KubeObject | undefined, now: KubeObject | undefined): ObjectChange | undefined {
  const either = now ?? old;
  if (!either) return undefined;
  const { kind, metadata } = either;
  const identity = { kind, namespace: metadata.namespace, name: metadata.name };
  if (!old || !now) {
    const at = place(either, []);
    if (now) return { ...identity, change: "added", fields: [{ path: "", after: comparable(now), afterAt: at }] };
    return { ...identity, change: "removed", fields: [{ path: "", before: comparable(either), beforeAt: at }] };
  }
  const changes = diffJson(comparable(old), comparable(now));
  if (changes.length === 0) return undefined;
  return {
    ...identity,
    change: "changed",
    fields: changes.map(({ beforePath, afterPath, ...values }) => ({
      ...values,
      beforeAt: place(old, beforePath),
      afterAt: place(now, afterPath),
    })),
  };
}

/** The API version is none of what a change of policy is about; v1beta1 and v1 are the same thing. */
function comparable({ raw }: KubeObject): unknown {
  const { apiVersion: _, ...rest } = raw as Record<string, unknown>;
  return rest;
}

function place({ source }: KubeObject, path: Path): string {
  return `${source.file}:${source.locate(path).line}`;
}
