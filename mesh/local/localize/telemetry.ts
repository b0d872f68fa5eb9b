import { otlpClusterName } from "../envoy.ts";
import type { Json } from "../envoy-api.ts";
import { listAt, nameOf, objectAt, textAt } from "./json.ts";
import type { LocalProxy, Place, Replica } from "./types.ts";

// Istio's own metrics need filters that only its build of Envoy has. Envoy's stats access logger counts the same, with Istio's
// names and labels; what a label cannot be told by a constant comes from metadata that is put on clusters and endpoints here.

/** Our namespace in the metadata of clusters and endpoints. */
export const metadataKey = "mainsheet";

const hcmName = "envoy.filters.network.http_connection_manager";

export type Reporter = "source" | "destination";

export interface Observed {
  readonly proxy: LocalProxy;
  readonly reporter: Reporter;
  readonly place: Place;
}

/** Lets every HTTP connection manager of a listener count its requests and, where they go somewhere, make spans. */
export function withTelemetry(listener: Json, { proxy, reporter, place }: Observed): Json {
  const extra = {
    log: statsLogger(labelsOf(proxy, reporter)),
    ...(place.tracesUrl ? { tracing: tracer(proxy, place.tracesUrl) } : {}),
  };
  const chains = listAt(listener, "filter_chains").map((chain) => ({
    ...chain,
    filters: listAt(chain, "filters").map((filter) => (nameOf(filter) === hcmName ? withExtra(filter, extra) : filter)),
  }));
  return { ...listener, filter_chains: chains };
}

/** Puts the name of the service it is for on a cluster. */
export function withServiceLabels(cluster: Json, istioName: string): Json {
  const [direction, , subset = "", host = ""] = istioName.split("|");
  const services = listAt(objectAt(objectAt(objectAt(cluster, "metadata"), "filter_metadata"), "istio"), "services");
  const service = direction === "inbound" ? textAt(services[0], "host") : host;
  if (!service) return cluster;
  const [name = "", namespace = ""] = service.endsWith(".svc.cluster.local")
    ? service.split(".")
    : [service, "unknown"];
  return withMetadata(cluster, { service, name, namespace, ...(subset ? { subset } : {}) });
}

/** Puts the workload that an address belongs to on endpoints. */
export function withWorkloadLabels(assignment: Json, byIp: ReadonlyMap<string, Replica>): Json {
  const localities = listAt(assignment, "endpoints").map((locality) => ({
    ...locality,
    lb_endpoints: listAt(locality, "lb_endpoints").map((endpoint) => {
      const address = objectAt(objectAt(objectAt(endpoint, "endpoint"), "address"), "socket_address");
      const replica = byIp.get(textAt(address, "address"));
      return replica ? withMetadata(endpoint, workloadLabels(replica)) : endpoint;
    }),
  }));
  return localities.length > 0 ? { ...assignment, endpoints: localities } : assignment;
}

function workloadLabels(replica: Replica): Json {
  const { workload, namespace, name, labels, serviceAccount } = replica;
  return { workload, namespace, pod: name, version: labels["version"] ?? "unknown", serviceAccount };
}

function withMetadata(json: Json, labels: Json): Json {
  const metadata = objectAt(json, "metadata");
  const filterMetadata = { ...objectAt(metadata, "filter_metadata"), [metadataKey]: labels };
  return { ...json, metadata: { ...metadata, filter_metadata: filterMetadata } };
}

function withExtra(filter: Json, { log, tracing }: { log: Json; tracing?: Json }): Json {
  const config = objectAt(filter, "typed_config");
  const logs = listAt(config, "access_log");
  return { ...filter, typed_config: { ...config, access_log: [...logs, log], ...(tracing ? { tracing } : {}) } };
}

/** Spans of every request go to the collector that the bootstrap knows, under the name of the workload. */
function tracer(proxy: LocalProxy, uri: string): Json {
  return {
    random_sampling: { value: 100 },
    provider: {
      name: "envoy.tracers.opentelemetry",
      typed_config: {
        "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
        service_name: `${proxy.replica?.workload ?? proxy.name}.${proxy.namespace}`,
        http_service: { http_uri: { uri, cluster: otlpClusterName, timeout: "1s" } },
      },
    },
  };
}

function labelsOf(proxy: LocalProxy, reporter: Reporter): Record<string, string> {
  const own = {
    workload: proxy.replica?.workload ?? proxy.name,
    namespace: proxy.namespace,
    principal: `spiffe://cluster.local/ns/${proxy.namespace}/sa/${proxy.serviceAccount}`,
  };
  const ofCluster = (key: string) => `%METADATA(CLUSTER:${metadataKey}:${key})%`;
  const ofHost = (key: string) => `%METADATA(UPSTREAM_HOST:${metadataKey}:${key})%`;
  const service = {
    destination_service: ofCluster("service"),
    destination_service_name: ofCluster("name"),
    destination_service_namespace: ofCluster("namespace"),
  };
  if (reporter === "source") {
    return {
      reporter,
      source_workload: own.workload,
      source_workload_namespace: own.namespace,
      source_principal: own.principal,
      destination_workload: ofHost("workload"),
      destination_workload_namespace: ofHost("namespace"),
      destination_version: ofHost("version"),
      ...service,
    };
  }
  return {
    reporter,
    source_principal: "%DOWNSTREAM_PEER_URI_SAN%",
    destination_workload: own.workload,
    destination_workload_namespace: own.namespace,
    destination_version: proxy.replica?.labels["version"] ?? "unknown",
    destination_principal: own.principal,
    ...service,
  };
}

function statsLogger(labels: Record<string, string>): Json {
  const tags = Object.entries({
    ...labels,
    request_protocol: "%PROTOCOL%",
    response_code: "%RESPONSE_CODE%",
    grpc_response_status: "%GRPC_STATUS_NUMBER%",
    response_flags: "%RESPONSE_FLAGS%",
  }).map(([name, value]) => ({ name, value_format: value }));
  return {
    name: "envoy.access_loggers.stats",
    typed_config: {
      "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
      type_url: "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
      value: {
        stat_prefix: "istio",
        counters: [{ stat: { name: "requests_total", tags }, value_fixed: 1 }],
        histograms: [
          { stat: { name: "request_duration_milliseconds", tags }, unit: "Milliseconds", value_format: "%DURATION%" },
        ],
      },
    },
  };
}
