import type { Json } from "../envoy-api.ts";
import { listAt, nameOf, without } from "./json.ts";

// In a cluster a sidecar lets a call to a place it does not know go where the process meant it to go, which iptables
// tells. Here only the name in the request tells it: it is looked up and called as it stands.

const dnsCache: Json = { name: "mainsheet", dns_lookup_family: "V4_PREFERRED" };
const routerName = "envoy.filters.http.router";

/** A cluster of istiod that goes to wherever a connection was meant to go. */
export function toForwardProxy(cluster: Json): Json {
  return {
    ...without(cluster, "type", "original_dst_lb_config", "upstream_bind_config", "cleanup_interval", "filters"),
    lb_policy: "CLUSTER_PROVIDED",
    cluster_type: {
      name: "envoy.clusters.dynamic_forward_proxy",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
        dns_cache_config: dnsCache,
        // Nothing is verified on the way to a place that nobody described, in a cluster neither.
        allow_insecure_cluster_options: true,
      },
    },
  };
}

/** Puts the filter that looks names up before the router; it leaves requests to all other clusters alone. */
export function withForwardProxy(manager: Json): Json {
  const filters = listAt(manager, "http_filters");
  const router = filters.findIndex((filter) => nameOf(filter) === routerName);
  return { ...manager, http_filters: filters.toSpliced(router < 0 ? filters.length : router, 0, lookUp) };
}

const lookUp: Json = {
  name: "envoy.filters.http.dynamic_forward_proxy",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
    dns_cache_config: dnsCache,
  },
};
