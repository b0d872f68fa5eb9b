import { listAt, numberAt, textAt } from "../field.ts";
import { isControlPlane, isInjected } from "../in-mesh.ts";
import type { Workload } from "../workloads.ts";
import type { World } from "../world.ts";

const proxyUser = 1337;

/** Containers that run as the sidecar's user (IST0144), and proxies that nobody injects (IST0146). */
export function analyzeWorkloads(world: World): void {
  for (const workload of world.workloads) if (workload.object.kind === "Deployment") analyzeImage(workload, world);
  for (const { object, podPath } of world.workloads) {
    if (isControlPlane(object)) continue;
    const place = world.at(object).in(...podPath);
    const message = `traffic of user ${proxyUser} is taken for the sidecar's own, and not captured`;
    const hint = "run as another user, such as 65532";
    if (numberAt(object.raw, ...podPath, "securityContext", "runAsUser") === proxyUser) {
      place.in("securityContext", "runAsUser").find("IST0144", message, hint);
    }
    listAt(object.raw, ...podPath, "containers").forEach((container, index) => {
      if (numberAt(container, "securityContext", "runAsUser") !== proxyUser) return;
      if (textAt(container, "name") === "istio-proxy") return;
      place.in("containers", index, "securityContext", "runAsUser").find("IST0144", message, hint);
    });
  }
}

/** `image: auto` stands for the image that injection writes. */
function analyzeImage(workload: Workload, world: World): void {
  const { object, podPath } = workload;
  listAt(object.raw, ...podPath, "containers").forEach((container, index) => {
    if (textAt(container, "name") !== "istio-proxy" || textAt(container, "image") !== "auto") return;
    if (mayBeInjected(workload, world)) return;
    const message = "nothing injects the proxy into these pods, so Kubernetes looks for an image called auto";
    const place = world.at(object).in(...podPath, "containers", index, "image");
    place.find("IST0146", message, 'write the label sidecar.istio.io/inject: "true" in spec.template.metadata.labels');
  });
}

/** As the webhooks that Istio comes with decide; without the Namespace in the files, it may be. */
function mayBeInjected({ labels, namespace }: Workload, world: World): boolean {
  const asked = labels["sidecar.istio.io/inject"];
  if (asked === "false") return false;
  const home = world.namespace(namespace);
  if (!home || isInjected(home)) return true;
  const disabled = home.metadata.labels["istio-injection"] !== undefined;
  return !disabled && (asked === "true" || "istio.io/rev" in labels);
}
