import { anything, type Infer, ignored, integer, list, map, record, text, traced, word } from "./shape.ts";

const filterMatch = record({ name: text, subFilter: record({ name: text }) });

const listenerMatch = record({
  portNumber: integer,
  portName: ignored,
  name: text,
  listenerFilter: text,
  filterChain: record({
    name: text,
    sni: text,
    transportProtocol: text,
    applicationProtocols: text,
    destinationPort: integer,
    filter: filterMatch,
  }),
});
export type ListenerMatch = Infer<typeof listenerMatch>;

const routeConfigurationMatch = record({
  portNumber: integer,
  portName: text,
  gateway: text,
  name: text,
  vhost: record({
    name: text,
    domainName: text,
    route: record({ name: text, action: word("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE") }),
  }),
});
export type RouteConfigurationMatch = Infer<typeof routeConfigurationMatch>;

const clusterMatch = record({ portNumber: integer, service: text, subset: text, name: text });
export type ClusterMatch = Infer<typeof clusterMatch>;

const configPatch = traced(
  record({
    applyTo: word(
      "LISTENER",
      "FILTER_CHAIN",
      "NETWORK_FILTER",
      "HTTP_FILTER",
      "ROUTE_CONFIGURATION",
      "VIRTUAL_HOST",
      "HTTP_ROUTE",
      "CLUSTER",
      "EXTENSION_CONFIG",
      "BOOTSTRAP",
      "LISTENER_FILTER",
    ),
    match: record({
      context: word("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY"),
      proxy: record({ proxyVersion: text, metadata: map(text) }),
      listener: listenerMatch,
      routeConfiguration: routeConfigurationMatch,
      cluster: clusterMatch,
    }),
    patch: record({
      operation: word("MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST", "REPLACE"),
      value: anything,
      filterClass: ignored,
    }),
  }),
);
export type ConfigPatch = Infer<typeof configPatch>;

export const envoyFilter = record({
  workloadSelector: record({ labels: map(text) }),
  targetRefs: list(record({ group: text, kind: text, name: text, namespace: text })),
  configPatches: list(configPatch),
  priority: integer,
});
export type EnvoyFilter = Infer<typeof envoyFilter>;
