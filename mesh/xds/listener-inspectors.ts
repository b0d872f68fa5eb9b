import { extension, type JsonObject } from "./json.ts";

export const tlsInspector = extension(
  "envoy.filters.listener.tls_inspector",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  { initial_read_buffer_size: 512 },
);

export const httpInspector = extension(
  "envoy.filters.listener.http_inspector",
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
);

/** Takes the client's address from the load balancer in front. */
export const proxyProtocol = extension(
  "envoy.filters.listener.proxy_protocol",
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
);

interface Needs {
  tls: boolean;
  http: boolean;
}

/** The filters that look at a connection's first bytes, switched off on ports whose chains do not need them. */
export function inspectors(chains: JsonObject[]): JsonObject[] {
  const needs = needsByPort(chains);
  const filters: JsonObject[] = [];
  const ports = [...needs.keys()].sort((a, b) => a - b);
  if (ports.some((port) => needs.get(port)?.tls)) filters.push(tlsFilter(needs, ports));
  if (ports.some((port) => needs.get(port)?.http)) {
    filters.push(
      exceptOn(
        httpInspector,
        ports.filter((port) => !needs.get(port)?.http),
      ),
    );
  }
  return filters;
}

function needsByPort(chains: JsonObject[]): Map<number, Needs> {
  const needs = new Map<number, Needs>();
  for (const chain of chains) {
    const match = (chain["filter_chain_match"] ?? {}) as JsonObject;
    const port = Number(match["destination_port"] ?? 0);
    const known = needs.get(port) ?? { tls: false, http: false };
    const protocols = (match["application_protocols"] ?? []) as string[];
    needs.set(port, {
      tls: known.tls || match["transport_protocol"] === "tls",
      http: known.http || protocols.some((protocol) => protocol === "http/1.1" || protocol === "h2c"),
    });
  }
  return needs;
}

/** Where connections to unknown ports are looked at, known ports are taken out; otherwise only they are looked at. */
function tlsFilter(needs: Map<number, Needs>, ports: number[]): JsonObject {
  const known = ports.filter((port) => port !== 0);
  if (needs.get(0)?.tls)
    return exceptOn(
      tlsInspector,
      known.filter((port) => !needs.get(port)?.tls),
    );
  const wanted = known.filter((port) => needs.get(port)?.tls);
  return wanted.length === 0 ? tlsInspector : { ...tlsInspector, filter_disabled: { not_match: onPorts(wanted) } };
}

function exceptOn(filter: JsonObject, ports: number[]): JsonObject {
  return ports.length === 0 ? filter : { ...filter, filter_disabled: onPorts(ports) };
}

function onPorts(ports: number[]): JsonObject {
  const rules = ports.map((port) => ({ destination_port_range: { start: port, end: port + 1 } }));
  const [only, ...others] = rules;
  return only && others.length === 0 ? only : { or_match: { rules } };
}
