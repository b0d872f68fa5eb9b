import { labelSelector, targetRef } from "../../schema/selector.ts";
import { type Infer, int32, list, map, message, oneOf, string, struct, uint32 } from "../../schema/types.ts";

const subFilter = message({ name: string });

const listenerMatch = message({
  portNumber: uint32,
  portName: string,
  filterChain: message({
    name: string,
    sni: string,
    transportProtocol: string,
    applicationProtocols: string,
    destinationPort: uint32,
    filter: message({ name: string, subFilter }),
  }),
  listenerFilter: string,
  name: string,
});

const routeConfigurationMatch = message({
  portNumber: uint32,
  portName: string,
  gateway: string,
  vhost: message({
    name: string,
    domainName: string,
    route: message({ name: string, action: oneOf("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE") }),
  }),
  name: string,
});

const match = message(
  {
    context: oneOf("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"),
    proxy: message({ proxyVersion: string, metadata: map(string) }),
    listener: listenerMatch,
    routeConfiguration: routeConfigurationMatch,
    cluster: message({ portNumber: uint32, service: string, subset: string, name: string }),
    waypoint: message({
      filter: message({ name: string, subFilter }),
      portNumber: uint32,
      route: message({ name: string }),
    }),
  },
  { oneOf: ["listener", "routeConfiguration", "cluster", "waypoint"] },
);

const patch = message({
  operation: oneOf("INVALID", "MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST", "REPLACE"),
  value: struct,
  filterClass: oneOf("UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"),
});

const configPatch = message({
  applyTo: oneOf(
    "INVALID",
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
  match,
  patch,
});

export const schema = message(
  {
    workloadSelector: labelSelector,
    targetRefs: list(targetRef),
    configPatches: list(configPatch),
    priority: int32,
  },
  { exclusive: ["workloadSelector", "targetRefs"] },
);

export type EnvoyFilter = Infer<typeof schema>;
export type ConfigPatch = Infer<typeof configPatch>;
export type ListenerMatch = Infer<typeof listenerMatch>;
