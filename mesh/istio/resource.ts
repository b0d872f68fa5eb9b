import type { Finding } from "./finding.ts";
import type { KubeObject } from "./kube-object.ts";
import { Reader, type Shape } from "./shape.ts";

/** A resource with its spec read and typed. */
export interface Resource<T> {
  object: KubeObject;
  name: string;
  namespace: string;
  spec: T;
}

/** Reads an object's spec, or another part of it. What does not fit the shape becomes findings and is left out. */
export function readResource<T extends object>(object: KubeObject, shape: Shape<T>, findings: Finding[]): Resource<T> {
  return { ...identityOf(object), spec: readPart(object, ["spec"], { shape, findings }) ?? ({} as T) };
}

/** Reads the part of an object at a path; the whole of it for an empty path. */
export function readPart<T>(
  object: KubeObject,
  path: string[],
  { shape, findings }: { shape: Shape<T>; findings: Finding[] },
): T | undefined {
  let value: unknown = object.raw;
  for (const step of path) value = (value as Record<string, unknown> | undefined | null)?.[step];
  if (value === undefined || value === null) return undefined;
  const reader = new Reader(object, [...path]);
  const read = shape.read(value, reader);
  for (const finding of reader.findings) findings.push(finding);
  return read;
}

function identityOf(object: KubeObject): { object: KubeObject; name: string; namespace: string } {
  return { object, name: object.metadata.name, namespace: object.metadata.namespace };
}

/**
 * The order in which Istio lets one resource win over another. In a cluster the oldest comes first; files have no age, so the
 * name decides, then the namespace.
 */
export function byPrecedence(a: Resource<unknown>, b: Resource<unknown>): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0;
}
