import { fieldAt, selects, textsAt } from "../field.ts";
import type { World } from "../world.ts";

const nameLabel = "gateway.networking.k8s.io/gateway-name";

/** Policies that select the pods of a Gateway of the Gateway API, which looks at targetRefs alone (IST0166). */
export function analyzeGatewayApi(world: World): void {
  const pods = gatewayPods(world);
  const { AuthorizationPolicy, RequestAuthentication, Telemetry, WasmPlugin } = world.resources;
  for (const { spec, place } of [...AuthorizationPolicy, ...RequestAuthentication, ...Telemetry, ...WasmPlugin]) {
    const labels = spec.selector?.matchLabels ?? {};
    if (Object.keys(labels).length === 0 || hasTarget(place.object.spec)) continue;
    const { namespace } = place.object.metadata;
    const selected = pods.find((pod) => pod.namespace === namespace && selects(labels, pod.labels));
    if (!selected) continue;
    const name = selected.labels[nameLabel];
    const message = `the Gateway ${name} is of the Gateway API, where a selector has no effect`;
    const hint = `write targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}}]`;
    place.in("selector").find("IST0166", message, hint);
  }
}

function hasTarget(spec: unknown): boolean {
  return fieldAt(spec, "targetRef") !== undefined || fieldAt(spec, "targetRefs") !== undefined;
}

/** The pods of Gateways: those in the files, and those that istiod makes for the Gateways in the files. */
function gatewayPods(world: World): { namespace: string; labels: Record<string, string> }[] {
  const made = world.objectsOf("Gateway", "gateway.networking.k8s.io").map(({ metadata, spec }) => ({
    namespace: metadata.namespace,
    labels: { ...textsAt(spec, "infrastructure", "labels"), [nameLabel]: metadata.name },
  }));
  return [...made, ...world.workloads.filter(({ labels }) => nameLabel in labels)];
}
