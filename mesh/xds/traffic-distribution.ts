import type { LocalityLbSetting } from "#mesh/istio/destination-rule.ts";

/** How near endpoints are preferred that are near, as Kubernetes' Services ask for it. */
export type TrafficDistribution = "zone" | "node";

const words: Record<string, TrafficDistribution | undefined> = {
  preferclose: "zone",
  prefersamezone: "zone",
  prefersamenode: "node",
};

/** From the Service's field, which is exact about capitals, else from Istio's annotation, which is not. */
export function trafficDistribution(
  field: string | undefined,
  annotations: Record<string, string>,
): TrafficDistribution | undefined {
  if (field === "PreferClose" || field === "PreferSameZone") return "zone";
  if (field === "PreferSameNode") return "node";
  return words[(annotations["networking.istio.io/traffic-distribution"] ?? "").toLowerCase()];
}

const network = "topology.istio.io/network";
const region = "topology.kubernetes.io/region";
const zone = "topology.kubernetes.io/zone";
const subzone = "topology.istio.io/subzone";
const node = "kubernetes.io/hostname";

/** The labels that endpoints should share with the caller, the most important first. */
export const nearness: Record<TrafficDistribution, LocalityLbSetting> = {
  zone: { failoverPriority: [network, region, zone] },
  node: { failoverPriority: [network, region, zone, subzone, node] },
};
