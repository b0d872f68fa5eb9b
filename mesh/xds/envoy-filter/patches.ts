import type { ConfigPatch, EnvoyFilter } from "#mesh/istio/envoy-filter.ts";
import type { Resource } from "#mesh/istio/resource.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { Mesh } from "../mesh.ts";
import { labelsMatch, type Proxy } from "../proxy.ts";
import { withFieldNames } from "./merge.ts";

export type PatchContext = "SIDECAR_INBOUND" | "SIDECAR_OUTBOUND" | "GATEWAY";

/** One patch, ready to be applied to a proxy of its workload. */
export interface Patch {
  applyTo: NonNullable<ConfigPatch["applyTo"]>;
  context: PatchContext | "ANY";
  match: NonNullable<ConfigPatch["match"]>;
  operation: NonNullable<NonNullable<ConfigPatch["patch"]>["operation"]>;
  value: JsonObject;
  /** The part of the YAML that it comes from. */
  part: ConfigPatch;
}

/** The version of Istio whose behaviour is followed; `proxyVersion` is matched with it. */
const proxyVersion = "1.29.1";

/**
 * The patches for a proxy in the order in which they apply: those of the root namespace, then those of its own; within a
 * namespace by priority, then by precedence.
 */
export function patchesFor(mesh: Mesh, proxy: Proxy): Patch[] {
  const { rootNamespace } = mesh.settings;
  const namespaces = new Set([rootNamespace, proxy.namespace]);
  return [...namespaces].flatMap((namespace) =>
    mesh.envoyFilters
      .filter((filter) => filter.namespace === namespace && selects(filter, proxy))
      .sort((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0))
      .flatMap(({ spec }) => (spec.configPatches ?? []).flatMap(readPatch)),
  );
}

function selects({ spec }: Resource<EnvoyFilter>, proxy: Proxy): boolean {
  return !spec.targetRefs?.length && labelsMatch(spec.workloadSelector?.labels ?? {}, proxy.labels);
}

function readPatch(part: ConfigPatch): Patch[] {
  const { applyTo, match = {}, patch } = part;
  if (!applyTo || !patch?.operation || !isForThisProxy(match)) return [];
  const value = withFieldNames(patch.value ?? {});
  if (!isObject(value)) return [];
  return [{ applyTo, context: match.context ?? "ANY", match, operation: patch.operation, value, part }];
}

function isForThisProxy({ proxy }: Patch["match"]): boolean {
  if (Object.keys(proxy?.metadata ?? {}).length > 0) return false;
  if (!proxy?.proxyVersion) return true;
  try {
    return new RegExp(proxy.proxyVersion).test(proxyVersion);
  } catch {
    return false;
  }
}

/** Whether a patch is for this side of a proxy. */
export function isFor(patch: Patch, context: PatchContext): boolean {
  return patch.context === "ANY" || patch.context === context;
}

/** Whether a patch that adds a listener or a cluster does so here: without a context it adds to what goes out, only. */
export function addsTo(patch: Patch, context: PatchContext): boolean {
  return patch.operation === "ADD" && (patch.context === "ANY" ? context !== "SIDECAR_INBOUND" : isFor(patch, context));
}
