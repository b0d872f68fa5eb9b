import type { Place } from "../place.ts";

interface Attachment {
  selector?: { matchLabels?: Record<string, string> };
  targetRef?: TargetRef;
  targetRefs?: TargetRef[];
}

interface TargetRef {
  group?: string;
  kind?: string;
  name?: string;
  namespace?: string;
}

/** The labels of a selector; one without labels selects everything, which is rarely meant. */
export function checkSelector(labels: Record<string, string>, place: Place): void {
  for (const [key, value] of Object.entries(labels)) {
    if (key === "") place.refuse("a selector's key is empty", "write the key of a label");
    if (key.includes("*") || value.includes("*")) {
      place.in(key).refuse(`"${key}: ${value}" is a wildcard, which a selector does not have`, "write the whole label");
    }
  }
  if (Object.keys(labels).length === 0) {
    place.warn(
      "the selector has no labels, so it selects every workload of the namespace",
      "write the labels of the workload, or leave the selector out",
    );
  }
}

/** `selector`, `targetRef` and `targetRefs`, of which a policy has one at most; `place` is the policy's `spec`. */
export function checkAttachment(spec: Attachment, place: Place): void {
  const set = [spec.selector, spec.targetRef, spec.targetRefs?.length ? spec.targetRefs : undefined].filter(Boolean);
  if (set.length > 1) place.refuse("selector and targetRefs exclude one another", "keep one of them");
  if (spec.selector) checkSelector(spec.selector.matchLabels ?? {}, place.in("selector"));
  if (spec.targetRef) checkTargetRef(spec.targetRef, place.in("targetRef"));
  spec.targetRefs?.forEach((target, index) => {
    checkTargetRef(target, place.in("targetRefs", index));
  });
}

const targets = new Set([
  "core/Service",
  "networking.istio.io/ServiceEntry",
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
]);

function checkTargetRef(target: TargetRef, place: Place): void {
  if (!target.name) place.refuse("the target has no name", "write `name:`");
  if (target.namespace) {
    place.in("namespace").refuse("a target is always in the policy's own namespace", "leave the namespace out");
  }
  if (!targets.has(`${target.group || "core"}/${target.kind ?? ""}`)) {
    place.refuse(
      `a policy cannot be attached to ${target.group || "core"}/${target.kind ?? ""}`,
      "write kind Service, ServiceEntry, or a Gateway of group gateway.networking.k8s.io",
    );
  }
}
