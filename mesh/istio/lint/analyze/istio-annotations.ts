/** Istio's annotations by the kind they are for. https://istio.io/latest/docs/reference/config/annotations/ */
const annotationsOf: Record<string, string> = {
  Any: "galley.istio.io/analyze-suppress gateway.istio.io/controller-version",
  AuthorizationPolicy: "istio.io/dry-run",
  Gateway: `gateway.istio.io/name-override gateway.istio.io/service-account networking.istio.io/service-type
    ambient.istio.io/waypoint-inbound-binding`,
  GatewayClass: "ambient.istio.io/waypoint-inbound-binding",
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

/** The kinds that an annotation is for; no entry for an annotation that Istio does not have. */
export const annotationKinds: ReadonlyMap<string, readonly string[]> = readKinds();

function readKinds(): Map<string, string[]> {
  const kinds = new Map<string, string[]>();
  for (const [kind, names] of Object.entries(annotationsOf)) {
    for (const name of names.split(/\s+/)) kinds.set(name, [...(kinds.get(name) ?? []), kind]);
  }
  return kinds;
}

/** What Istio writes itself: never worth a finding, wherever it stands. */
export const writtenByIstio: ReadonlySet<string> = new Set([
  "gateway.istio.io/controller-version",
  "istio.io/rev",
  "sidecar.istio.io/status",
]);

const statsMatcher = (field: string) =>
  `write proxyStatsMatcher: {${field}: [...]} in the annotation proxy.istio.io/config`;

/** Deprecated annotations, with what to write instead. */
export const deprecatedAnnotations: ReadonlyMap<string, string> = new Map([
  ["alpha.istio.io/canonical-serviceaccounts", "remove it"],
  ["alpha.istio.io/kubernetes-serviceaccounts", "remove it"],
  ["sidecar.istio.io/discoveryAddress", "write discoveryAddress in the annotation proxy.istio.io/config"],
  ["sidecar.istio.io/extraStatTags", "write extraStatTags in the annotation proxy.istio.io/config"],
  ["sidecar.istio.io/inject", "write it as a label of the pod: sidecar.istio.io/inject under metadata.labels"],
  ["sidecar.istio.io/statsCompression", "write statsCompression in the annotation proxy.istio.io/config"],
  ["sidecar.istio.io/statsInclusionPrefixes", statsMatcher("inclusionPrefixes")],
  ["sidecar.istio.io/statsInclusionRegexps", statsMatcher("inclusionRegexps")],
  ["sidecar.istio.io/statsInclusionSuffixes", statsMatcher("inclusionSuffixes")],
  ["traffic.sidecar.istio.io/kubevirtInterfaces", "write istio.io/reroute-virtual-interfaces"],
]);
