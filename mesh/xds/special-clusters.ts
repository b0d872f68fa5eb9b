import { clusterMetadataExchange } from "./cluster.ts";
import { connectionPoolFields } from "./connection-pool.ts";
import { protocolOptionsField } from "./http-protocol-options.ts";
import { durationOf, type JsonObject, message } from "./json.ts";
import { blackHoleCluster, inboundPassthroughCluster, passthroughCluster, statPrefix } from "./names.ts";
import type { MeshSettings } from "./settings.ts";

/** The address that a sidecar calls its own workload from, so that the traffic is not captured again. */
export const loopbackSource: JsonObject = { source_address: { address: "127.0.0.6", port_value: 0 } };

/** Where requests go that nobody may send. */
export function blackHole(settings: MeshSettings): JsonObject {
  return {
    name: blackHoleCluster,
    alt_stat_name: statPrefix(blackHoleCluster),
    type: "STATIC",
    connect_timeout: durationOf(settings.connectTimeoutMs),
  };
}

/** Where requests go whose destination the mesh does not know: to where the client wanted to go. */
export function passthrough(settings: MeshSettings): JsonObject {
  return { ...originalDestination(passthroughCluster, settings), filters: [clusterMetadataExchange] };
}

/** Where connections go that come in for a port of the workload which no service has. */
export function inboundPassthrough(settings: MeshSettings): JsonObject {
  return {
    ...originalDestination(inboundPassthroughCluster, settings),
    alt_stat_name: statPrefix(passthroughCluster),
    upstream_bind_config: loopbackSource,
  };
}

function originalDestination(name: string, settings: MeshSettings): JsonObject {
  return message({
    name,
    alt_stat_name: statPrefix(name),
    type: "ORIGINAL_DST",
    lb_policy: "CLUSTER_PROVIDED",
    ...connectionPoolFields(undefined, undefined, settings),
    typed_extension_protocol_options: protocolOptionsField({
      protocol: "downstream",
      preservesCase: settings.preservesHeaderCase,
      idleTimeout: "300s",
    }),
  });
}
