import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { type Origin, originOf as originOfPart } from "#mesh/istio/shape.ts";
import type { JsonObject } from "./json.ts";

const origins = new WeakMap<JsonObject, Origin>();

/** Where a resource or a part of one comes from: virtual hosts, routes, clusters, filter chains that a user's YAML made. */
export function originOf(json: JsonObject): Origin | undefined {
  return origins.get(json);
}

/** Remembers the part of a resource that a piece of Envoy configuration was made from. */
export function from<T extends JsonObject>(part: object | undefined, json: T): T {
  const origin = originOfPart(part);
  if (origin) origins.set(json, origin);
  return json;
}

/** Remembers the object, and the path in it, that a piece of Envoy configuration was made from. */
export function fromObject<T extends JsonObject>(object: KubeObject, path: (string | number)[], json: T): T {
  origins.set(json, { object, path });
  return json;
}

/** Lets a changed copy keep the origin of what it was made from. */
export function sameOrigin<T extends JsonObject>(copy: T, original: JsonObject): T {
  const origin = origins.get(original);
  if (origin) origins.set(copy, origin);
  return copy;
}
