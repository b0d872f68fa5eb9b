import type { Json } from "../envoy-api.ts";
import { isJson, type JsonValue, listAt, nameOf, objectAt, without } from "./json.ts";
import { inboundListener, scoped } from "./names.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";
import type { ReplicaPort } from "./types.ts";

const virtualInbound = "virtualInbound";

/**
 * What istiod puts into one listener behind iptables, told apart by the port a connection was meant for, becomes a listener for
 * each of the replica's ports on its own address.
 */
export function inboundListeners(context: Rewriting): { name: string; listener: Json; source: Json }[] {
  const source = context.proxy.compiled.listeners.find((listener) => nameOf(listener) === virtualInbound);
  const replica = context.proxy.replica;
  if (!source || !replica) return [];
  return replica.ports.flatMap((port) => {
    const chains = listAt(source, "filter_chains").filter(
      (chain) => objectAt(chain, "filter_chain_match")["destination_port"] === port.containerPort,
    );
    if (chains.length === 0) return [];
    const name = scoped(context.key, inboundListener(port.containerPort));
    const listener = { name, ...listenerOf(chains, port, { context, source }) };
    return [{ name, listener, source }];
  });
}

function listenerOf(
  chains: Json[],
  port: ReplicaPort,
  { context, source }: { context: Rewriting; source: Json },
): Json {
  const rewritten = listAt(rewrite({ ...source, filter_chains: chains }, context), "filter_chains");
  const listenerFilters: Json[] = [tlsInspector];
  if (chains.some(looksAtPlainHttp)) listenerFilters.push(httpInspector);
  return {
    address: { socket_address: { address: context.proxy.replica?.ip ?? "127.0.0.1", port_value: port.containerPort } },
    traffic_direction: "INBOUND",
    listener_filters: listenerFilters,
    listener_filters_timeout: "5s",
    continue_on_listener_filters_timeout: true,
    filter_chains: rewritten.map((chain) => localChain(chain, port.containerPort)),
  };
}

function localChain(chain: Json, port: number): Json {
  const match = without(objectAt(chain, "filter_chain_match"), "destination_port");
  const decided = decidePorts(without(chain, "filter_chain_match"), port);
  return Object.keys(match).length > 0 ? { ...decided, filter_chain_match: match } : decided;
}

/** A chain serves one known port: a policy's conditions on the port are true or false already. */
function decidePorts(json: Json, port: number): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(json)) {
    if (key === "destination_port" && typeof value === "number") Object.assign(out, value === port ? yes : no);
    else if (key === "destination_port_range" && isJson(value)) Object.assign(out, inRange(value, port) ? yes : no);
    else out[key] = decideValue(value, port);
  }
  return out;
}

function decideValue(value: JsonValue, port: number): JsonValue {
  if (Array.isArray(value)) return value.map((item) => decideValue(item, port));
  return isJson(value) ? decidePorts(value, port) : value;
}

const yes: Json = { any: true };
const no: Json = { not_rule: { any: true } };

function inRange(range: Json, port: number): boolean {
  return Number(range["start"] ?? 0) <= port && port < Number(range["end"] ?? 0);
}

function looksAtPlainHttp(chain: Json): boolean {
  const match = objectAt(chain, "filter_chain_match");
  return match["transport_protocol"] === "raw_buffer" && Array.isArray(match["application_protocols"]);
}

const tlsInspector: Json = {
  name: "envoy.filters.listener.tls_inspector",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" },
};

const httpInspector: Json = {
  name: "envoy.filters.listener.http_inspector",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector" },
};
