import type { Subset } from "#mesh/istio/destination-rule.ts";
import type { Compilation } from "./compilation.ts";
import { connectionPoolFields, httpOptions } from "./connection-pool.ts";
import type { MergedRule } from "./destination-rules.ts";
import { type HttpProtocolOptions, protocolOptionsField } from "./http-protocol-options.ts";
import { durationOf, type JsonObject, message, typedStruct } from "./json.ts";
import { type AssignmentTarget, inlineAssignment, loadAssignment } from "./load-assignment.ts";
import { isLocalityWeighted, loadBalancerFields, localitySetting } from "./load-balancer.ts";
import { outboundCluster, serverNameOf, statPrefix } from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { outlierDetectionField, panicThreshold } from "./outlier-detection.ts";
import { mutualTlsMode } from "./peer-authentication.ts";
import type { Service, ServicePort } from "./service.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";
import { type EffectivePolicy, policyForPort, policyForSubset } from "./traffic-policy.ts";
import { istioMutualSocket, originationSocket, rawBuffer, type TlsContext, withProxyProtocol } from "./upstream-tls.ts";

/** A cluster, and its endpoints when they are told apart from it. */
export interface ClusterAndEndpoints {
  cluster: JsonObject;
  endpoints: JsonObject | undefined;
}

type Discovery = "EDS" | "STRICT_DNS" | "LOGICAL_DNS" | "ORIGINAL_DST";

/** How Istio's own proxies tell each other over TCP who they are. */
export const clusterMetadataExchange = typedStruct(
  "istio.metadata_exchange",
  "envoy.tcp.metadataexchange.config.MetadataExchange",
  { enable_discovery: true, protocol: "istio-peer-exchange" },
);

/** The clusters of a service's port: one for the whole service, one for each subset of its DestinationRule. */
export function outboundClusters(service: Service, port: ServicePort, compilation: Compilation): ClusterAndEndpoints[] {
  if (service.resolution === "alias" || port.protocol === "UDP") return [];
  const rule = destinationRuleFor(compilation.scope, compilation.proxy, service.hostname);
  const top = rule?.spec.trafficPolicy;
  const whole = buildCluster(
    { service, port, rule, subset: undefined, policy: policyForPort(top, port.number) },
    compilation,
  );
  if (!whole) return [];
  const subsets = (rule?.spec.subsets ?? []).flatMap((subset) => {
    const policy = policyForSubset(top, subset.trafficPolicy, port.number);
    return buildCluster({ service, port, rule, subset, policy }, compilation) ?? [];
  });
  return [whole, ...subsets];
}

interface Target {
  service: Service;
  port: ServicePort;
  rule: MergedRule | undefined;
  subset: Subset | undefined;
  policy: EffectivePolicy;
}

function buildCluster(target: Target, compilation: Compilation): ClusterAndEndpoints | undefined {
  const { service, port, subset, policy } = target;
  const { settings } = compilation.mesh;
  const key = { port: port.number, subset: subset?.name ?? "", host: service.hostname };
  const name = outboundCluster(key);
  const assigned: AssignmentTarget = { cluster: name, service, port, labels: subset?.labels ?? {}, policy };
  const found = discoveryOf(service, compilation);
  const isDns = found === "STRICT_DNS" || found === "LOGICAL_DNS";
  const inline = isDns ? inlineAssignment(assigned, compilation) : undefined;
  if (inline && !inline["endpoints"]) return undefined;
  const discovery = policy.loadBalancer?.simple === "PASSTHROUGH" ? "ORIGINAL_DST" : found;
  const options = httpOptions(port.protocol, policy.connectionPool, {
    upgradable: true,
    followsClient: compilation.proxy.type === "sidecar",
    settings,
  });
  const tls = tlsFields(target, { discovery, serverName: serverNameOf(key), options }, compilation);
  const cluster = message({
    name,
    alt_stat_name: statPrefix(name),
    type: discovery,
    ...connectionPoolFields(policy.connectionPool, policy.retryBudget, settings),
    ...(discovery === "ORIGINAL_DST" ? { lb_policy: "CLUSTER_PROVIDED" } : loadBalancerFields(policy.loadBalancer)),
    ...(discovery === "ORIGINAL_DST" ? portOverride(service, port) : {}),
    ...(isDns ? dnsFields(settings.dnsRefreshRateMs) : {}),
    eds_cluster_config: discovery === "EDS" ? edsConfig(name) : undefined,
    load_assignment: discovery === "ORIGINAL_DST" ? undefined : inline,
    typed_extension_protocol_options: protocolOptionsField(options),
    outlier_detection: policy.outlierDetection && outlierDetectionField(policy.outlierDetection),
    common_lb_config: commonLbConfig(target, compilation),
    ...tls,
    metadata: metadataOf(target),
    filters: [clusterMetadataExchange],
  });
  const traced = subset ? from(subset, cluster) : withOrigin(target, cluster);
  const endpoints = discovery === "EDS" ? loadAssignment(assigned, compilation) : undefined;
  return { cluster: traced, endpoints };
}

function withOrigin({ service, rule }: Target, cluster: JsonObject): JsonObject {
  if (rule?.spec.trafficPolicy) return from(rule.spec.trafficPolicy, cluster);
  const object = rule?.object ?? service.origin;
  return fromObject(object, ["spec"], cluster);
}

/** A gateway cannot forward to an original destination, so headless services have endpoints there. */
function discoveryOf(service: Service, { proxy }: Compilation): Discovery {
  switch (service.resolution) {
    case "dns":
      return "STRICT_DNS";
    case "dns-round-robin":
      return "LOGICAL_DNS";
    case "passthrough":
      return proxy.type === "router" ? "EDS" : "ORIGINAL_DST";
    default:
      return "EDS";
  }
}

function portOverride(service: Service, port: ServicePort): JsonObject {
  const override = service.targetPorts.get(port.number);
  return override === undefined ? {} : { original_dst_lb_config: { upstream_port_override: override } };
}

const ads: JsonObject = { ads: {}, initial_fetch_timeout: "0s", resource_api_version: "V3" };

function edsConfig(name: string): JsonObject {
  return { eds_config: ads, service_name: name };
}

function dnsFields(refreshRateMs: number): JsonObject {
  return {
    dns_refresh_rate: durationOf(refreshRateMs),
    dns_jitter: "0.1s",
    respect_dns_ttl: true,
    dns_lookup_family: "V4_ONLY",
    typed_dns_resolver_config: {
      name: "envoy.network.dns_resolver.cares",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        udp_max_queries: 100,
      },
    },
  };
}

function commonLbConfig({ service, policy }: Target, { mesh }: Compilation): JsonObject {
  const { outlierDetection: outlier, loadBalancer } = policy;
  const locality = localitySetting(loadBalancer, service, mesh.settings);
  return message({
    healthy_panic_threshold: outlier && panicThreshold(outlier),
    locality_weighted_lb_config: isLocalityWeighted(locality, outlier !== undefined) ? {} : undefined,
  });
}

interface TlsInput {
  discovery: Discovery;
  serverName: string;
  /** Names that Envoy checks by itself are set here. */
  options: HttpProtocolOptions;
}

/** Without a rule about TLS, mutual TLS is used with those endpoints that have a sidecar. */
function tlsFields(target: Target, { discovery, serverName, options }: TlsInput, compilation: Compilation): JsonObject {
  const { service, policy, rule } = target;
  const { mesh, proxy } = compilation;
  const context: TlsContext = {
    sni: serverName,
    identities: mesh.registry.identitiesOf(service),
    isHttp2: options.protocol === "http2",
    isExternal: service.registry === "external",
  };
  const { tls } = policy;
  let socket: JsonObject | undefined;
  if (!tls?.mode || tls.mode === "DISABLE") {
    const automatic = !tls && mesh.settings.autoMtls && !service.meshExternal && acceptsMutualTls(target, compilation);
    if (automatic) {
      const matches = istioMutualSocket(undefined, context);
      if (discovery !== "ORIGINAL_DST") return { transport_socket_matches: automaticMatches(matches, policy) };
      socket = matches;
    }
  } else if (tls.mode === "ISTIO_MUTUAL") socket = istioMutualSocket(tls, context);
  else if (
    !tls.credentialName ||
    tls.credentialName.startsWith("configmap://") ||
    proxy.type === "router" ||
    rule?.spec.workloadSelector
  ) {
    options.autoSni = !tls.sni;
    options.autoSanValidation = !tls.sni && !tls.subjectAltNames?.length && !tls.insecureSkipVerify;
    socket = originationSocket(tls, context);
  }
  if (policy.proxyProtocol) return { transport_socket: withProxyProtocol(socket, policy.proxyProtocol.version) };
  return socket ? { transport_socket: socket } : {};
}

function automaticMatches(socket: JsonObject, { proxyProtocol }: EffectivePolicy): JsonObject[] {
  const wrap = (inner: JsonObject): JsonObject =>
    proxyProtocol ? withProxyProtocol(inner, proxyProtocol.version) : inner;
  return [
    { name: "tlsMode-istio", match: { tlsMode: "istio" }, transport_socket: wrap(socket) },
    { name: "tlsMode-disabled", match: {}, transport_socket: wrap(rawBuffer) },
  ];
}

/** What the client side knows: the policies of the service's namespace and of the mesh; for headless services every endpoint. */
function acceptsMutualTls({ service, port, policy }: Target, { mesh }: Compilation): boolean {
  if (service.resolution === "passthrough" || policy.loadBalancer?.simple === "PASSTHROUGH") {
    const endpoints = service.endpoints.filter((endpoint) => endpoint.portName === port.name);
    if (endpoints.length === 0 || endpoints.some((endpoint) => endpoint.tlsMode === "disabled")) return false;
  }
  return mutualTlsMode(mesh, service.namespace) !== "DISABLE";
}

function metadataOf({ service, rule, subset }: Target): JsonObject {
  const { hostname: host, name, namespace } = service;
  const config = rule && `/apis/networking.istio.io/v1/namespaces/${rule.namespace}/destination-rule/${rule.name}`;
  return {
    filter_metadata: {
      istio: message({
        services: [{ host, name, namespace }],
        config,
        subset: subset?.name,
        external: service.meshExternal && !subset ? true : undefined,
      }),
    },
  };
}
