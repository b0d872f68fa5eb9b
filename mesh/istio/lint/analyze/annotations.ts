import { textsAt } from "../field.ts";
import type { Place } from "../place.ts";
import { suggest } from "../schema/suggest.ts";
import type { World } from "../world.ts";

/** Istio's annotations by the kind they are for. https://istio.io/latest/docs/reference/config/annotations/ */
const annotationsOf: Record<string, string> = {
  Any: "galley.istio.io/analyze-suppress gateway.istio.io/controller-version",
  AuthorizationPolicy: "istio.io/dry-run",
  Gateway: `gateway.istio.io/name-override gateway.istio.io/service-account networking.istio.io/service-type
    ambient.istio.io/waypoint-inbound-binding`,
  Ingress: "kubernetes.io/ingress.class",
  Namespace: "topology.istio.io/controlPlaneClusters",
  Pod: `ambient.istio.io/bypass-inbound-capture ambient.istio.io/dns-capture ambient.istio.io/redirection
    inject.istio.io/templates istio.io/reroute-virtual-interfaces istio.io/rev prometheus.istio.io/merge-metrics
    proxy.istio.io/config proxy.istio.io/overrides readiness.status.sidecar.istio.io/applicationPorts
    readiness.status.sidecar.istio.io/failureThreshold readiness.status.sidecar.istio.io/initialDelaySeconds
    readiness.status.sidecar.istio.io/periodSeconds sidecar.istio.io/agentLogLevel sidecar.istio.io/bootstrapOverride
    sidecar.istio.io/componentLogLevel sidecar.istio.io/discoveryAddress sidecar.istio.io/extraStatTags
    sidecar.istio.io/inject sidecar.istio.io/interceptionMode sidecar.istio.io/logLevel sidecar.istio.io/nativeSidecar
    sidecar.istio.io/proxyCPU sidecar.istio.io/proxyCPULimit sidecar.istio.io/proxyImage sidecar.istio.io/proxyImageType
    sidecar.istio.io/proxyMemory sidecar.istio.io/proxyMemoryLimit sidecar.istio.io/rewriteAppHTTPProbers
    sidecar.istio.io/statsCompression sidecar.istio.io/statsEvictionInterval sidecar.istio.io/statsFlushInterval
    sidecar.istio.io/statsHistogramBins sidecar.istio.io/statsHistogramBuckets sidecar.istio.io/statsInclusionPrefixes
    sidecar.istio.io/statsInclusionRegexps sidecar.istio.io/statsInclusionSuffixes sidecar.istio.io/status
    sidecar.istio.io/userVolume sidecar.istio.io/userVolumeMount status.sidecar.istio.io/port
    traffic.sidecar.istio.io/excludeInboundPorts traffic.sidecar.istio.io/excludeInterfaces
    traffic.sidecar.istio.io/excludeOutboundIPRanges traffic.sidecar.istio.io/excludeOutboundPorts
    traffic.sidecar.istio.io/includeInboundPorts traffic.sidecar.istio.io/includeOutboundIPRanges
    traffic.sidecar.istio.io/includeOutboundPorts traffic.sidecar.istio.io/kubevirtInterfaces`,
  Service: `alpha.istio.io/canonical-serviceaccounts alpha.istio.io/kubernetes-serviceaccounts networking.istio.io/exportTo
    networking.istio.io/traffic-distribution traffic.istio.io/nodeSelector`,
  ServiceEntry: "networking.istio.io/traffic-distribution",
  WorkloadEntry: `istio.io/autoRegistrationGroup istio.io/connectedAt istio.io/disconnectedAt
    istio.io/workloadController`,
};

const kindsOf = new Map<string, string[]>();
for (const [kind, names] of Object.entries(annotationsOf)) {
  for (const name of names.split(/\s+/)) kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind]);
}

const looked = new Set(["Namespace", "Service", "Pod", "Deployment"]);

/** Istio's annotations that do not exist (IST0108), or stand on a kind that has them not (IST0107). */
export function analyzeAnnotations(world: World): void {
  for (const object of world.objects) {
    if (!looked.has(object.kind)) continue;
    analyze(object.metadata.annotations, object.kind, world.at(object).in("metadata", "annotations"));
  }
  for (const { object } of world.workloads) {
    if (object.kind === "Pod") continue;
    const path = ["spec", "template", "metadata", "annotations"];
    analyze(textsAt(object.raw, ...path), "Pod", world.at(object).in(...path));
  }
}

function analyze(annotations: Record<string, string>, kind: string, place: Place): void {
  for (const name of Object.keys(annotations)) {
    if (!name.split("/")[0]?.endsWith("istio.io") && name !== "kubernetes.io/ingress.class") continue;
    const kinds = kindsOf.get(name);
    if (!kinds) {
      const meant = suggest(name, kindsOf.keys());
      const hint = meant ? `did you mean ${meant}?` : "remove it";
      place.in(name).find("IST0108", `Istio has no annotation ${name}, so it has no effect`, hint);
    } else if (!kinds.includes(kind) && !kinds.includes("Any")) {
      const hint = kinds.includes("Pod") ? "move it to spec.template.metadata.annotations" : `move it to a ${kinds[0]}`;
      place.in(name).find("IST0107", `${name} has no effect on a ${kind}: it is for ${kinds.join(", ")}`, hint);
    }
  }
}
