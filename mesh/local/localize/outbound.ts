import { isDeepStrictEqual } from "node:util";
import type { Json } from "../envoy-api.ts";
import { addressOf } from "./clusters.ts";
import { withForwardProxy } from "./forward-proxy.ts";
import { httpManagerOf, listAt, nameOf, textAt } from "./json.ts";
import { outboundListener, outboundRoutes, scoped } from "./names.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";
import type { Replica } from "./types.ts";

const hcmName = "envoy.filters.network.http_connection_manager";

/**
 * The one listener through which a replica's process reaches everything, told by the authority it asks for: `host:port`. istiod
 * makes a listener and a route configuration a port; here they become one of each. (istiod's own `http_proxy` listener is of that form
 * too, but it sends a route without a port to a cluster of port 0, which does not exist.)
 */
export function outboundListenerOf(context: Rewriting, replica: Replica): { listener: Json; source: Json } | undefined {
  const listeners = context.proxy.compiled.listeners.filter((listener) => listener["traffic_direction"] === "OUTBOUND");
  const managers = listeners.flatMap((listener) => managersOf(listener).map((manager) => ({ listener, manager })));
  const [first, ...others] = managers;
  if (!first) return undefined;
  for (const { listener, manager } of others) {
    if (isDeepStrictEqual(manager["http_filters"], first.manager["http_filters"])) continue;
    context.shortfalls.push({
      resource: listener,
      severity: "warning",
      message: `the HTTP filters of ${nameOf(listener)} differ from those of ${nameOf(first.listener)}; here every port uses the latter`,
      hint: "let the EnvoyFilter match every port of the sidecar's outbound listeners",
    });
  }
  return { listener: listenerOf(first.manager, context, replica), source: first.listener };
}

const merged = new WeakMap<readonly Json[], readonly Json[]>();

/** The virtual hosts of all ports, in which each domain has its port; the same objects for the same routes. */
export function outboundHosts(routes: readonly Json[]): readonly Json[] {
  const kept = merged.get(routes);
  if (kept) return kept;
  const hosts = listAt(mergeRoutes(routes), "virtual_hosts");
  merged.set(routes, hosts);
  return hosts;
}

function managersOf(listener: Json): Json[] {
  return listAt(listener, "filter_chains").flatMap((chain) => {
    const manager = httpManagerOf(chain);
    return manager?.["rds"] && nameOf(listener) !== "127.0.0.1_15007" ? [manager] : [];
  });
}

function listenerOf(manager: Json, context: Rewriting, replica: Replica): Json {
  const { key } = context;
  const config = {
    ...withForwardProxy(rewrite(manager, context)),
    stat_prefix: `${scoped(key, outboundListener)};`,
    // Absolute URLs, as clients of an HTTP proxy send them.
    http_protocol_options: { allow_absolute_url: true },
    rds: { config_source: { ads: {}, resource_api_version: "V3" }, route_config_name: scoped(key, outboundRoutes) },
  };
  return {
    name: scoped(key, outboundListener),
    address: addressOf(replica.outbound),
    traffic_direction: "OUTBOUND",
    filter_chains: [{ filters: [{ name: hcmName, typed_config: config }] }],
  };
}

/** Puts the virtual hosts of all ports into one route configuration. */
export function mergeRoutes(routes: readonly Json[]): Json {
  const hosts: Json[] = [];
  const taken = new Set<string>();
  let rest: Json | undefined;
  for (const config of routes) {
    const port = portOf(nameOf(config));
    if (port === undefined) continue;
    for (const host of listAt(config, "virtual_hosts")) {
      const domains = domainsOf(host);
      if (domains.includes("*")) {
        rest ??= host;
        continue;
      }
      const own = domains.flatMap((domain) => withPort(domain, port)).filter((domain) => !taken.has(domain));
      for (const domain of own) taken.add(domain);
      if (own.length > 0) hosts.push({ ...host, name: hostName(host, port), domains: own });
    }
  }
  return { virtual_hosts: rest ? [...hosts, rest] : hosts, validate_clusters: false };
}

/** `50051` of the route configuration `50051` or `order.siren.svc.cluster.local:50051`. */
function portOf(routeName: string): number | undefined {
  const match = /(?:^|:)(\d+)$/.exec(routeName);
  return match ? Number(match[1]) : undefined;
}

function hostName(host: Json, port: number): string {
  const name = textAt(host, "name");
  return name.endsWith(`:${port}`) ? name : `${name}:${port}`;
}

function domainsOf(host: Json): string[] {
  const domains = host["domains"];
  return Array.isArray(domains) ? domains.filter((domain) => typeof domain === "string") : [];
}

/** Port 80 is the one that clients leave out. */
function withPort(domain: string, port: number): string[] {
  const bare = domain.endsWith(`:${port}`) ? domain.slice(0, -`:${port}`.length) : domain;
  return port === 80 ? [bare, `${bare}:80`] : [`${bare}:${port}`];
}
