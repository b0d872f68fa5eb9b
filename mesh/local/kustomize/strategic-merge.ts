import { isRecord } from "#mesh/istio/kube-object.ts";

type Json = Record<string, unknown>;

/**
 * The keys by which Kubernetes merges lists of objects in its own kinds (`x-kubernetes-patch-merge-key` in its OpenAPI schema),
 * by the name of the list. Other lists, and all lists of kinds that are not Kubernetes' own, are replaced whole.
 */
const mergeKeys: Record<string, readonly string[]> = {
  containers: ["name"],
  initContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  imagePullSecrets: ["name"],
  ports: ["containerPort", "port"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
};

const builtIn = /^(v1|apps\/|batch\/|autoscaling\/|policy\/|rbac\.|networking\.k8s\.io\/)/;

/** A copy of `target` with a strategic merge patch applied; undefined when the patch says `$patch: delete`. */
export function strategicMerge(target: Json, patch: Json): Json | undefined {
  if (patch["$patch"] === "delete") return undefined;
  return mergeMaps(target, patch, builtIn.test(String(target["apiVersion"])));
}

function mergeMaps(target: Json, patch: Json, byKey: boolean): Json {
  const { $patch: directive, ...changes } = patch;
  const merged: Json = directive === "replace" ? {} : { ...target };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeValues(merged[key], value, { name: key, byKey });
  }
  return merged;
}

function mergeValues(target: unknown, patch: unknown, list: { name: string; byKey: boolean }): unknown {
  if (isRecord(patch)) return mergeMaps(isRecord(target) ? target : {}, patch, list.byKey);
  if (!Array.isArray(patch) || !Array.isArray(target) || !list.byKey) return patch;
  const key = mergeKeys[list.name]?.find((name) => patch.every((item) => isRecord(item) && name in item));
  return key ? mergeLists(target, patch, key) : patch;
}

function mergeLists(target: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  const merged: unknown[] = patch.some((item) => isRecord(item) && item["$patch"] === "replace") ? [] : [...target];
  const added: unknown[] = [];
  for (const item of patch) {
    if (!isRecord(item) || item["$patch"] === "replace") continue;
    const at = merged.findIndex((other) => isRecord(other) && other[key] === item[key]);
    const existing = merged[at];
    if (item["$patch"] === "delete") {
      if (at >= 0) merged.splice(at, 1);
    } else if (isRecord(existing)) merged[at] = mergeMaps(existing, item, true);
    else added.push(mergeMaps({}, item, true));
  }
  // As kustomize does: what the patch adds comes first.
  return [...added, ...merged];
}
