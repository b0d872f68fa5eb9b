import { listAt, numberAt, textAt } from "../field.ts";
import { isControlPlane } from "../in-mesh.ts";
import type { World } from "../world.ts";

const proxyUser = 1337;

/** Containers that run as the sidecar's user (IST0144). */
export function analyzeWorkloads(world: World): void {
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
