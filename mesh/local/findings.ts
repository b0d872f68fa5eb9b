import { codes, type Finding, findingAt } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Origin } from "#mesh/istio/shape.ts";
import { originOf } from "#mesh/xds/origin.ts";
import type { Rejection } from "./ads.ts";
import type { ResourceKind } from "./envoy-api.ts";
import { isJson, type JsonValue } from "./localize/json.ts";
import type { Localized, Shortfall } from "./localize/types.ts";
import { synthesized } from "./pods.ts";

/**
 * What Envoy refused, at the place it comes from: the policy a resource is made of, or, where a resource has no single one, the
 * documents that have changed since Envoy last accepted everything.
 */
export function findingsOfRejections(
  rejections: readonly Rejection[],
  localized: Localized,
  changed: readonly KubeObject[],
): Finding[] {
  return rejections.flatMap(({ kind, names, message }) => {
    const problem = { problem: "refused" as const, message: `Envoy refuses this: ${firstLine(message)}`, hint };
    const origins = names.flatMap((name) => originsIn(localized.origins.get(name)));
    const others = changed.map((object) => ({ object, path: [] }));
    const [touched, makers] = [origins.filter(({ object }) => changed.includes(object)), others].map((places) =>
      places.filter(({ object }) => madeBy[kind].has(object.kind)),
    );
    // The only kind in which anything at all can be written.
    const filters = makers?.filter(({ object }) => object.kind === "EnvoyFilter");
    const suspects = [touched, filters, makers, others, origins.slice(0, 1)].find(isNotEmpty) ?? [];
    const found = suspects.map(({ object, path }) => findingAt(object.source, path, problem));
    if (found.length > 0) return uniqueFindings(found);
    return [{ ...codes.refused, file: synthesized, line: 1, column: 1, path: names.join(", "), ...problem }];
  });
}

/** Kinds of objects that a resource of a kind can be made of, besides those that its parts remember. */
const madeBy: Readonly<Record<ResourceKind, ReadonlySet<string>>> = {
  listeners: new Set([
    "EnvoyFilter",
    "AuthorizationPolicy",
    "RequestAuthentication",
    "PeerAuthentication",
    "Gateway",
    "Telemetry",
  ]),
  routes: new Set(["EnvoyFilter", "VirtualService"]),
  clusters: new Set(["EnvoyFilter", "DestinationRule", "ServiceEntry"]),
  endpoints: new Set(["ServiceEntry", "WorkloadEntry"]),
  secrets: new Set(["Secret", "Gateway", "DestinationRule"]),
};

const hint = "what was in force before stays in force; correct the field that Envoy names";

/** What cannot be honoured on this machine. */
export function findingsOfShortfalls(shortfalls: readonly Shortfall[]): Finding[] {
  return uniqueFindings(
    shortfalls.map(({ resource, severity, message, hint: remedy }) => {
      const origin = originOf(resource);
      const found = origin
        ? findingAt(origin.object.source, origin.path, { problem: "notLocal", message, hint: remedy })
        : { ...codes.notLocal, file: synthesized, line: 1, column: 1, path: "", message, hint: remedy };
      return { ...found, severity };
    }),
  );
}

export function uniqueFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) seen.set(JSON.stringify(finding), finding);
  return [...seen.values()];
}

function isNotEmpty(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}

/** Where a resource and all its parts come from. */
function originsIn(value: JsonValue | undefined): Origin[] {
  if (Array.isArray(value)) return value.flatMap(originsIn);
  if (!isJson(value)) return [];
  return [...Object.values(value).flatMap(originsIn), ...[originOf(value) ?? []].flat()];
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
