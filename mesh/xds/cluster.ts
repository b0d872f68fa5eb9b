import type { Subset } from "#mesh/istio/destination-rule.ts";
import { tlsFields } from "./cluster-tls.ts";
import type { Compilation } from "./compilation.ts";
import { connectionPoolFields, httpOptions } from "./connection-pool.ts";
import type { MergedRule } from "./destination-rules.ts";
import { protocolOptionsField } from "./http-protocol-options.ts";
import { durationOf, type JsonObject, message, typedStruct } from "./json.ts";
import { type AssignmentTarget, inlineAssignment, loadAssignment } from "./load-assignment.ts";
import { isLocalityWeighted, loadBalancerFields, localitySetting } from "./load-balancer.ts";
import { outboundCluster, serverNameOf, statPrefix } from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { outlierDetectionField, panicThreshold } from "./outlier-detection.ts";
import type { Service, ServicePort } from "./service.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";
import { type EffectivePolicy, policyForPort, policyForSubset } from "./traffic-policy.ts";

/** A cluster, and its endpoints when they are told apart from it. */
export interface ClusterAndEndpoints {
  cluster: JsonObject;
  endpoints: JsonObject | undefined;
}

export type Discovery = "EDS" | "STRICT_DNS" | "LOGICAL_DNS" | "ORIGINAL_DST";

/** How Istio's own proxies tell each other over TCP who they are. */
export const clusterMetadataExchange = typedStruct(
  "istio.metadata_exchange",
  "envoy.tcp.metadataexchange.config.MetadataExchange",
  { enable_discovery: true, protocol: "istio-peer-exchange" },
);

/** The clusters of a service's port: one for the whole service, one for each subset of its DestinationRule. */
export function outboundClusters(service: Service, port: ServicePort, compilation: Compilation): ClusterAndEndpoints[] {
  if (!hasCluster(service, port)) return [];
  return allClusters(service, port, { compilation, onwards: false });
}

/** The same for a gateway that joins TLS connections to the services that they name: it does not look into them. */
export function onwardClusters(service: Service, port: ServicePort, compilation: Compilation): ClusterAndEndpoints[] {
  if (service.meshExternal || !hasCluster(service, port)) return [];
  return allClusters(service, port, { compilation, onwards: true });
}

function hasCluster({ resolution }: Service, { protocol }: ServicePort): boolean {
  return resolution !== "alias" && resolution !== "dynamic" && protocol !== "UDP";
}

function allClusters(
  service: Service,
  port: ServicePort,
  { compilation, onwards }: { compilation: Compilation; onwards: boolean },
): ClusterAndEndpoints[] {
  const rule = destinationRuleFor(compilation.scope, compilation.proxy, service.hostname);
  const top = rule?.spec.trafficPolicy;
  const found = discoveryOf(service, compilation);
  const target = { service, port, rule, onwards };
  const policy = policyForPort(top, port.number);
  const whole = buildCluster(
    { ...target, subset: undefined, policy, found, passesThrough: isPassthrough(top) },
    compilation,
  );
  if (!whole) return [];
  const inherited = isPassthrough(policy) ? "ORIGINAL_DST" : found;
  const subsets = (rule?.spec.subsets ?? []).flatMap((subset) => {
    const own = policyForSubset(top, subset.trafficPolicy, port.number);
    const passesThrough = isPassthrough(subset.trafficPolicy);
    const type = passesThrough ? "ORIGINAL_DST" : inherited;
    return buildCluster({ ...target, subset, policy: own, found: type, passesThrough }, compilation) ?? [];
  });
  return [whole, ...subsets];
}

function isPassthrough(policy: EffectivePolicy | undefined): boolean {
  return policy?.loadBalancer?.simple === "PASSTHROUGH";
}

export interface ClusterTarget {
  service: Service;
  port: ServicePort;
  rule: MergedRule | undefined;
  subset: Subset | undefined;
  policy: EffectivePolicy;
  /** How endpoints would be found if the policy said nothing. A subset takes it from the service's own cluster. */
  found: Discovery;
  /** Whether the rule, or the subset, itself says PASSTHROUGH, whatever it says for single ports. */
  passesThrough: boolean;
  /** Whether it is for connections whose TLS is passed on as it comes. */
  onwards: boolean;
}

function buildCluster(target: ClusterTarget, compilation: Compilation): ClusterAndEndpoints | undefined {
  const { service, port, subset, policy, found, onwards } = target;
  const { settings } = compilation.mesh;
  const key = { port: port.number, subset: subset?.name ?? "", host: service.hostname };
  const name = onwards ? serverNameOf(key) : outboundCluster(key);
  const labels = subset?.labels ?? {};
  const assigned: AssignmentTarget = { cluster: name, service, port, labels, policy, onlyMutualTls: onwards };
  const isDns = found === "STRICT_DNS" || found === "LOGICAL_DNS";
  const inline = isDns ? inlineAssignment(assigned, compilation) : undefined;
  if (inline && !inline["endpoints"]) return undefined;
  const discovery = isPassthrough(policy) ? "ORIGINAL_DST" : found;
  const options = httpOptions(port.protocol, policy.connectionPool, {
    upgradable: true,
    followsClient: compilation.proxy.type === "sidecar",
    settings,
  });
  const tls = onwards ? {} : tlsFields(target, { discovery, serverName: serverNameOf(key), options }, compilation);
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

function withOrigin({ service, rule }: ClusterTarget, cluster: JsonObject): JsonObject {
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

function commonLbConfig({ service, policy }: ClusterTarget, { mesh }: Compilation): JsonObject {
  const { outlierDetection: outlier, loadBalancer } = policy;
  const locality = localitySetting(loadBalancer, service, mesh.settings);
  return message({
    healthy_panic_threshold: service.distribution ? {} : outlier && panicThreshold(outlier),
    locality_weighted_lb_config: isLocalityWeighted(locality, outlier !== undefined) ? {} : undefined,
  });
}

function metadataOf({ service, rule, subset }: ClusterTarget): JsonObject {
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
