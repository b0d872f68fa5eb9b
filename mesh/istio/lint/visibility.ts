/** What an object says of who sees it. */
export interface Exported {
  namespace: string;
  exportTo: readonly string[] | undefined;
}

/** The namespaces that see an object; undefined where all do. */
function audience({ namespace, exportTo = [] }: Exported): Set<string> | undefined {
  if (exportTo.length === 0 || exportTo.includes("*")) return undefined;
  return new Set(exportTo.map((entry) => (entry === "." ? namespace : entry)));
}

export function isVisibleToAll(object: Exported): boolean {
  return audience(object) === undefined;
}

export function isVisibleFrom(namespace: string, object: Exported): boolean {
  return audience(object)?.has(namespace) ?? true;
}

/** Whether the namespace of a resource sees an object, or one does that the resource is for. */
export function isVisibleTo(viewer: Exported, object: Exported): boolean {
  const { namespace, exportTo = [] } = viewer;
  const viewers = [namespace, ...exportTo.filter((entry) => entry !== "." && entry !== "*")];
  return viewers.some((entry) => isVisibleFrom(entry, object));
}

/** Whether some namespace sees both. */
export function seenTogether(a: Exported, b: Exported): boolean {
  const first = audience(a);
  const second = audience(b);
  if (!first || !second) return true;
  return [...first].some((namespace) => second.has(namespace));
}
