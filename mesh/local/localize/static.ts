import { endpointAt } from "../envoy.ts";
import type { Json } from "../envoy-api.ts";
import { isJson, type JsonValue, listAt, nameOf, objectAt, textAt, without } from "./json.ts";
import type { Localized } from "./types.ts";

/**
 * The whole local configuration as one bootstrap without ADS, as `envoy --mode validate` reads it: endpoints stand in their
 * clusters, routes in their listeners, secrets beside them.
 */
export function toStaticBootstrap(localized: Localized, secrets: ReadonlyMap<string, Json>): Json {
  const { clusters, endpoints, listeners, routes } = localized.resources;
  return {
    node: { id: "mainsheet", cluster: "mainsheet" },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } },
    layered_runtime: {
      layers: [{ name: "mainsheet", static_layer: { "re2.max_program_size.error_level": 32768 } }],
    },
    static_resources: {
      secrets: [...secrets.values()],
      clusters: [...clusters.values()].map((cluster) => withoutSds(withEndpoints(cluster, endpoints))),
      listeners: [...listeners.values()].map((listener) => withoutSds(withRoutes(listener, routes))),
    },
  };
}

function withEndpoints(cluster: Json, endpoints: ReadonlyMap<string, Json>): Json {
  if (cluster["type"] !== "EDS") return cluster;
  const service = textAt(objectAt(cluster, "eds_cluster_config"), "service_name");
  const assignment = endpoints.get(service) ?? endpointAt(service, {});
  return {
    ...without(cluster, "eds_cluster_config"),
    type: "STATIC",
    load_assignment: { ...assignment, cluster_name: nameOf(cluster) },
  };
}

function withRoutes(value: Json, routes: ReadonlyMap<string, Json>): Json {
  return mapObjects(value, (json) => {
    const name = textAt(objectAt(json, "rds"), "route_config_name");
    if (!name) return json;
    return { ...without(json, "rds"), route_config: routes.get(name) ?? { name, virtual_hosts: [] } };
  });
}

function withoutSds(value: Json): Json {
  return mapObjects(value, (json) => {
    const out = { ...json };
    if ("tls_certificate_sds_secret_configs" in json) {
      const configs = listAt(json, "tls_certificate_sds_secret_configs");
      out["tls_certificate_sds_secret_configs"] = configs.map((config) => ({ name: nameOf(config) }));
    }
    const roots = objectAt(json, "validation_context_sds_secret_config");
    if ("name" in roots) out["validation_context_sds_secret_config"] = { name: nameOf(roots) };
    return out;
  });
}

function mapObjects(json: Json, change: (json: Json) => Json): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(json)) out[key] = mapValue(value, change);
  return change(out);
}

function mapValue(value: JsonValue, change: (json: Json) => Json): JsonValue {
  if (Array.isArray(value)) return value.map((item) => mapValue(item, change));
  return isJson(value) ? mapObjects(value, change) : value;
}
