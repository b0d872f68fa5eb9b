import type { KubeObject } from "../kube-object.ts";
import { listAt, textAt } from "./field.ts";
import type { Workload } from "./workloads.ts";
import type { World } from "./world.ts";

const injectName = "sidecar.istio.io/inject";

/**
 * Whether the files say that a workload gets no sidecar: by its own label or annotation, or by its Namespace. Where they say
 * nothing, as without the Namespace, it has one.
 */
export function isOutsideMesh(workload: Workload, world: World): boolean {
  const { object, podPath, labels, annotations, namespace } = workload;
  const containers = listAt(object.raw, ...podPath, "containers");
  if (containers.some((container) => textAt(container, "name") === "istio-proxy")) return false;
  const inject = labels[injectName] ?? annotations[injectName];
  if (inject !== undefined) return inject !== "true";
  const home = world.namespace(namespace);
  return home !== undefined && !isInjected(home) && !isAmbient(home);
}

/** Whether pods of a Namespace get a sidecar without asking. */
export function isInjected({ metadata: { labels } }: KubeObject): boolean {
  const injection = labels["istio-injection"];
  return injection === undefined ? Boolean(labels["istio.io/rev"]) : injection === "enabled";
}

/** Whether a Namespace is in ambient mode, where there are no sidecars. */
export function isAmbient(namespace: KubeObject): boolean {
  return !isInjected(namespace) && namespace.metadata.labels["istio.io/dataplane-mode"] === "ambient";
}

/** Istio's own objects, which `istioctl analyze` passes over. */
export function isControlPlane({ metadata: { labels } }: KubeObject): boolean {
  return "istio" in labels || labels["release"] === "istio";
}
