import type { Headers } from "#mesh/istio/virtual-service.ts";
import { type JsonObject, unlessEmpty } from "./json.ts";

/** Header operations as Envoy's routes and weighted clusters have them. */
export interface HeaderOperations {
  requestAdd: JsonObject[];
  requestRemove: string[];
  responseAdd: JsonObject[];
  responseRemove: string[];
  /** A new authority: in Envoy that is no header, but a rewrite of the host. */
  authority: string;
}

const none: HeaderOperations = {
  requestAdd: [],
  requestRemove: [],
  responseAdd: [],
  responseRemove: [],
  authority: "",
};

export function headerOperations(headers: Headers | undefined): HeaderOperations {
  if (!headers) return none;
  const { request = {}, response = {} } = headers;
  return {
    requestAdd: [...toAdd(request.set, true), ...toAdd(request.add, false)],
    requestRemove: (request.remove ?? []).filter((name) => !isInternal(name)),
    responseAdd: [...toAdd(response.set, true), ...toAdd(response.add, false)],
    responseRemove: (response.remove ?? []).filter((name) => !isInternal(name)),
    authority: authorityIn(request.set) || authorityIn(request.add),
  };
}

/** The operations of several levels, the first of them first. */
export function headerFields(...levels: HeaderOperations[]): Record<string, JsonObject[] | string[] | undefined> {
  if (levels.every((level) => level === none)) return {};
  return {
    request_headers_to_add: unlessEmpty(levels.flatMap((level) => level.requestAdd)),
    request_headers_to_remove: unlessEmpty(levels.flatMap((level) => level.requestRemove)),
    response_headers_to_add: unlessEmpty(levels.flatMap((level) => level.responseAdd)),
    response_headers_to_remove: unlessEmpty(levels.flatMap((level) => level.responseRemove)),
  };
}

function toAdd(headers: Record<string, string> | undefined, overwrite: boolean): JsonObject[] {
  return Object.entries(headers ?? {})
    .filter(([key]) => !isInternal(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({
      header: { key, value },
      ...(overwrite && { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }),
    }));
}

function authorityIn(headers: Record<string, string> | undefined): string {
  const found = Object.entries(headers ?? {}).filter(([key]) => /^(:authority|host)$/i.test(key));
  return found.at(-1)?.[1] ?? "";
}

/** Headers that Envoy does not let anybody change. */
function isInternal(name: string): boolean {
  return name.startsWith(":") || name.toLowerCase() === "host";
}
