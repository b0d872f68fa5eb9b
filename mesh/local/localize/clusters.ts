import { endpointAt } from "../envoy.ts";
import type { Json } from "../envoy-api.ts";
import { toForwardProxy } from "./forward-proxy.ts";
import { listAt, nameOf, objectAt, textAt, without } from "./json.ts";
import { scoped } from "./names.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";
import { withServiceLabels } from "./telemetry.ts";
import type { Replica } from "./types.ts";

const ads: Json = { ads: {}, resource_api_version: "V3" };

/** A cluster of a proxy as it runs here; undefined for one that has no meaning outside of a pod. */
export function localizeCluster(
  cluster: Json,
  context: Rewriting,
  { bindsToOwnAddress }: { bindsToOwnAddress: boolean },
): Json | undefined {
  const name = nameOf(cluster);
  const named = {
    ...rewrite(cluster, context),
    name: scoped(context.key, name),
    alt_stat_name: `${scoped(context.key, name)};`,
  };
  const local = withServiceLabels(named, name);
  if (name.startsWith("inbound|")) return inbound(name, local, context.proxy.replica);
  if (name === "InboundPassthroughCluster") return undefined;
  if (textAt(cluster, "type") === "ORIGINAL_DST") return toForwardProxy(local);
  return textAt(cluster, "type") === "EDS"
    ? eds(cluster, local, bindsToOwnAddress ? context.proxy.ip : undefined)
    : local;
}

function inbound(name: string, local: Json, replica: Replica | undefined): Json | undefined {
  const port = Number(name.split("|")[1]);
  const upstream = replica?.ports.find((candidate) => candidate.containerPort === port)?.upstream;
  if (!upstream) return undefined;
  const kept = without(
    local,
    "cleanup_interval",
    "upstream_bind_config",
    "lb_policy",
    "load_assignment",
    "original_dst_lb_config",
  );
  return { ...kept, type: "STATIC", load_assignment: endpointAt(nameOf(local), addressOf(upstream)) };
}

/** `unix:/path` or `host:port` as Envoy writes it. */
export function addressOf(address: string): Json {
  if (address.startsWith("unix:")) return { pipe: { path: address.slice("unix:".length) } };
  const colon = address.lastIndexOf(":");
  return { socket_address: { address: address.slice(0, colon), port_value: Number(address.slice(colon + 1)) } };
}

function eds(cluster: Json, local: Json, ownAddress: string | undefined): Json {
  const out: Json = { ...local, eds_cluster_config: { service_name: edsName(cluster), eds_config: ads } };
  // A replica's connections come from its own address, so that source addresses in policies mean something; but from there nothing
  // outside of the machine can be reached.
  if (ownAddress && process.platform === "linux") {
    out["upstream_bind_config"] = { source_address: { address: ownAddress, port_value: 0 } };
  }
  return out;
}

export function edsName(cluster: Json): string {
  return textAt(objectAt(cluster, "eds_cluster_config"), "service_name") || nameOf(cluster);
}

/** Whether all endpoints are on this machine. */
export function isLoopback(assignment: Json | undefined): boolean {
  const all = listAt(assignment, "endpoints").flatMap((locality) => listAt(locality, "lb_endpoints"));
  return all.every((item) => {
    const address = objectAt(objectAt(item, "endpoint"), "address");
    return textAt(objectAt(address, "socket_address"), "address").startsWith("127.");
  });
}
