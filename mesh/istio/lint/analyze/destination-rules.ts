import { selects } from "../field.ts";
import type { DestinationRule, TrafficPolicy } from "../kinds/destination-rule/schema.ts";
import type { Place } from "../place.ts";
import type { Resource } from "../resources.ts";
import { fullHost, type Service } from "../services.ts";
import { isVisibleFrom, viewersOf } from "../visibility.ts";
import type { Workload } from "../workloads.ts";
import type { World } from "../world.ts";
import { hintToExport, suggestHost } from "./destinations.ts";

/** DestinationRules for unknown hosts (IST0174), subsets without pods (IST0173), TLS without a CA (IST0128, IST0129). */
export function analyzeDestinationRules(world: World): void {
  for (const resource of world.resources.DestinationRule) {
    analyzeHost(resource, world);
    analyzeTls(resource);
  }
}

/** Labels that istiod takes from the pod's node and cluster, not from the pod. */
const fromNode = new Set([
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
  "topology.istio.io/cluster",
  "topology.istio.io/network",
  "kubernetes.io/hostname",
]);

function analyzeHost(resource: Resource<DestinationRule>, world: World): void {
  const { spec, place, object } = resource;
  const { namespace } = object.metadata;
  const { host = "" } = spec;
  if (host === "" || !world.services.covers(host, namespace)) return;
  const services = world.services.matching(host, namespace);
  if (services.length === 0) {
    const message = `no Service has the host ${fullHost(host, namespace)}, so the rule never applies`;
    return place.in("host").find("IST0174", message, suggestHost(host, namespace, world));
  }
  const [hidden] = services;
  const viewers = viewersOf({ namespace, exportTo: spec.exportTo });
  const isSeen = (service: Service) => viewers.some((viewer) => isVisibleFrom(viewer, service));
  if (hidden && !services.some(isSeen)) {
    const message = `${host} is not exported to ${viewers.join(" or ")}, so the rule never applies`;
    return place.in("host").find("IST0174", message, hintToExport(hidden, viewers));
  }
  analyzeSubsets(
    resource,
    services.flatMap((service) => world.workloadsOf(service)),
  );
}

function analyzeSubsets({ spec, place }: Resource<DestinationRule>, pods: readonly Workload[]): void {
  if (pods.length === 0) return;
  spec.subsets?.forEach(({ name, labels: written = {} }, index) => {
    const labels = Object.fromEntries(Object.entries(written).filter(([label]) => !fromNode.has(label)));
    if (pods.some((pod) => selects(labels, pod.labels))) return;
    const text = Object.entries(labels)
      .map((label) => label.join("="))
      .join(",");
    const message = `no pod of ${spec.host} has the labels ${text}: requests to the subset ${name} are answered with 503 (gRPC status 14, UH)`;
    place.in("subsets", index, "labels").find("IST0173", message, hintFor(pods, Object.keys(labels)));
  });
}

function hintFor(pods: readonly { labels: Record<string, string> }[], keys: string[]): string {
  const values = new Set(
    pods.flatMap((pod) => keys.flatMap((key) => (key in pod.labels ? `${key}: ${pod.labels[key]}` : []))),
  );
  return values.size > 0 ? `the pods have ${[...values].join(" or ")}` : "add the labels to the pods";
}

function analyzeTls({ spec, place }: Resource<DestinationRule>): void {
  const at = place.in("trafficPolicy");
  const selector = spec.workloadSelector !== undefined;
  if (isUnchecked(spec.trafficPolicy?.tls, selector)) report("IST0128", at.in("tls"));
  spec.trafficPolicy?.portLevelSettings?.forEach(({ tls }, index) => {
    if (isUnchecked(tls, selector)) report("IST0129", at.in("portLevelSettings", index, "tls"));
  });
}

function isUnchecked(tls: TrafficPolicy["tls"], selector: boolean): boolean {
  if (tls?.mode !== "SIMPLE" && tls?.mode !== "MUTUAL") return false;
  return !tls.caCertificates && !(tls.credentialName && selector);
}

function report(code: "IST0128" | "IST0129", place: Place): void {
  const message = "no CA is named, so any certificate that the system's CAs have signed is taken for the server's";
  place.find(code, message, "write caCertificates, with the path of the server's CA");
}
