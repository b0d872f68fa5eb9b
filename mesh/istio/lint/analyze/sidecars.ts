import { isAmbient } from "../in-mesh.ts";
import type { Sidecar } from "../kinds/sidecar/schema.ts";
import type { Resource } from "../resources.ts";
import type { World } from "../world.ts";
import { analyzeSelection } from "./selection.ts";

/** Sidecars that compete for a workload (IST0110) or a namespace (IST0111), or select nothing (IST0101, IST0167). */
export function analyzeSidecars(world: World): void {
  const sidecars = world.resources.Sidecar;
  const ambient = new Set(
    world
      .objectsOf("Namespace")
      .filter(isAmbient)
      .map(({ metadata }) => metadata.name),
  );
  const effective = sidecars.filter(({ object }) => !ambient.has(object.metadata.namespace));
  analyzeSelection(effective.map(selectionOf), { world, kind: "Sidecar", several: "IST0110", without: "IST0111" });
  for (const { object, place, spec } of sidecars) {
    if (ambient.has(object.metadata.namespace)) {
      const message = "the namespace is in ambient mode, where there are no sidecars";
      place.find("IST0167", message, "remove the Sidecar, or the label istio.io/dataplane-mode of the namespace");
    }
    if (spec.outboundTrafficPolicy?.egressProxy) {
      const message = "egressProxy is deprecated, and ignored";
      place
        .in("outboundTrafficPolicy", "egressProxy")
        .find("IST0002", message, "write a ServiceEntry and a VirtualService");
    }
  }
}

function selectionOf(resource: Resource<Sidecar>) {
  return { resource, field: "workloadSelector", labels: resource.spec.workloadSelector?.labels };
}
