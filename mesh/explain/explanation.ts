import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import type { Path } from "#mesh/istio/source.ts";
import type { Authorization } from "./authorize.ts";

/** A value in force and where it is written: `file:line`, or whose default it is. */
export interface Setting {
  name: string;
  value: string;
  at: string;
}

/** Something that was looked at and does not count for the request. */
export interface NotTaken {
  /** `VirtualService siren/other`, `route 2 (reads)`. */
  what: string;
  at: string;
  why: string;
}

export interface Destination {
  host: string;
  port: number;
  subset: string;
  /** Of all destinations' weights. */
  weight: number;
  cluster: string;
  /** False: Envoy has no such cluster, and answers 503 (UNAVAILABLE). */
  exists: boolean;
  destinationRule?: { name: string; at: string };
  /** Limits, outlier detection, load balancing, TLS. */
  settings: Setting[];
  notTaken: NotTaken[];
}

/** What becomes of a request that a workload sends, and why. */
export interface Explanation {
  from: string;
  request: { to: string; method: string; path: string; headers: Record<string, string> };
  /**
   * `routed`: goes to a destination. `answered`: the proxy answers by itself (`answer`). `redirected`. `passed-through`: the mesh
   * does not know the host and lets it out. `opaque`: the port carries no HTTP, so no route applies.
   */
  outcome: "routed" | "answered" | "redirected" | "passed-through" | "opaque";
  /** One sentence for the outcome. */
  summary: string;
  virtualService?: { name: string; at: string };
  route?: { name: string; at: string };
  destinations: Destination[];
  /** Timeout, retries, rewrites, faults. */
  settings: Setting[];
  answer?: { status: number };
  redirect?: string;
  rewrite?: { path?: string; authority?: string };
  /** What the callee's AuthorizationPolicies say; absent when the request goes nowhere. */
  authorization?: Authorization;
  notTaken: NotTaken[];
}

/** `istio/siren/product.yaml:14` of a path in an object; the nearest thing above it when it is not written. */
export function placeOf(object: KubeObject, path: Path): string {
  return `${object.source.file}:${object.source.locate(path).line}`;
}

/** Whether a path is written in an object. */
export function isWritten(object: KubeObject, path: Path): boolean {
  let value: unknown = object.raw;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isRecord(value)) value = value[step];
    else return false;
  }
  return value !== undefined && value !== null;
}
