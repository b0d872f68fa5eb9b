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

/** The namespaces that a resource is for, of which one must see what it names; its own where it is for all. */
export function viewersOf(resource: Exported): string[] {
  return [...(audience(resource) ?? [resource.namespace])];
}

/** Whether some namespace sees both. */
export function seenTogether(a: Exported, b: Exported): boolean {
  const first = audience(a);
  const second = audience(b);
  if (!first || !second) return true;
  return [...first].some((namespace) => second.has(namespace));
}
