import { groupOf, isRecord, type KubeObject, textEntries } from "#mesh/istio/kube-object.ts";

/** What names an object in a cluster; its API version does not. */
export function identityOf({ apiVersion, kind, metadata }: KubeObject): string {
  return [groupOf(apiVersion), kind, metadata.namespace, metadata.name].join("/");
}

/** `objects` with `others` over them: an object of the same identity takes its place, a new one comes last. */
export function overlay(objects: readonly KubeObject[], others: readonly KubeObject[]): KubeObject[] {
  const merged = new Map(objects.map((object) => [identityOf(object), object]));
  for (const object of others) merged.set(identityOf(object), object);
  return [...merged.values()];
}

/** The object with another content; it keeps its place in the file. */
export function withContent(object: KubeObject, raw: Record<string, unknown>): KubeObject {
  const metadata = isRecord(raw["metadata"]) ? raw["metadata"] : {};
  const clusterScoped = object.metadata.namespace === "";
  return {
    ...object,
    apiVersion: String(raw["apiVersion"] ?? object.apiVersion),
    metadata: {
      name: String(metadata["name"] ?? object.metadata.name),
      namespace: clusterScoped ? "" : String(metadata["namespace"] ?? "default"),
      labels: textEntries(metadata["labels"]),
      annotations: textEntries(metadata["annotations"]),
    },
    spec: raw["spec"],
    raw,
  };
}
