import { isRecord } from "#mesh/istio/kube-object.ts";

/** Applies a JSON patch (RFC 6902) to a copy. @throws Error that names the operation and why it cannot be applied */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new Error("a JSON patch is a list of operations");
  let result: unknown = structuredClone(document);
  for (const [index, operation] of operations.entries()) {
    try {
      result = applyOne(result, isRecord(operation) ? operation : {});
    } catch (error) {
      const path = isRecord(operation) ? ` (${String(operation["op"])} ${String(operation["path"])})` : "";
      throw new Error(`operation ${index + 1}${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return result;
}

function applyOne(document: unknown, operation: Record<string, unknown>): unknown {
  const path = pointer(operation["path"]);
  const value = structuredClone(operation["value"]);
  switch (operation["op"]) {
    case "add":
      return add(document, path, value);
    case "remove":
      remove(document, path);
      return document;
    case "replace":
      if (path.length === 0) return value;
      remove(document, path);
      return add(document, path, value);
    case "copy":
      return add(document, path, structuredClone(find(document, pointer(operation["from"]))));
    case "move": {
      const from = pointer(operation["from"]);
      const moved = find(document, from);
      remove(document, from);
      return add(document, path, moved);
    }
    case "test":
      if (stable(find(document, path)) !== stable(operation["value"]))
        throw new Error("the value there is another one");
      return document;
    default:
      throw new Error("op must be add, remove, replace, copy, move or test");
  }
}

/** RFC 6901. */
function pointer(text: unknown): string[] {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) throw new Error("the path must start with /");
  return text
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function find(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const step of path) {
    if (Array.isArray(value)) value = value[position(step, value.length - 1)];
    else if (isRecord(value) && Object.hasOwn(value, step)) value = value[step];
    else throw new Error(`there is no ${step}`);
  }
  return value;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = find(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : position(last, parent.length), 0, value);
  else if (isRecord(parent)) parent[last] = value;
  else throw new Error("its parent is neither a mapping nor a list");
  return document;
}

function remove(document: unknown, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) throw new Error("the whole document cannot be removed");
  const parent = find(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(position(last, parent.length - 1), 1);
  else if (isRecord(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw new Error(`there is no ${last}`);
}

function position(step: string, highest: number): number {
  const index = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : Number.NaN;
  if (!(index <= highest)) throw new Error(`there is no item ${step}`);
  return index;
}

/** Text that is equal for equal values, whatever the order of the keys. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
