import { isObject, type Json, type JsonObject } from "#mesh/xds/json.ts";
import { type SeenRequest, whyNotMatched } from "./match-request.ts";

/** A route that was looked at before the one that was taken, and why it was not. */
export interface Rejected {
  route: JsonObject;
  reason: string;
}

export interface Choice {
  /** The route configuration that the request's port leads to; absent when the proxy does not speak HTTP there. */
  configuration?: JsonObject;
  virtualHost?: JsonObject;
  /** In order. */
  rejected: Rejected[];
  route?: JsonObject;
}

/** Finds the virtual host and route that Envoy takes for a request within route configurations of a port. */
export function chooseRoute(configurations: readonly JsonObject[], request: SeenRequest): Choice {
  for (const configuration of configurations) {
    const virtualHost = chooseVirtualHost(configuration, request.authority);
    if (virtualHost) return { configuration, virtualHost, ...chooseAmong(objects(virtualHost["routes"]), request) };
  }
  const [configuration] = configurations;
  return configuration ? { configuration, rejected: [] } : { rejected: [] };
}

/**
 * The route configurations by which a proxy serves a port. A sidecar has one a port, or one for a service whose protocol it finds
 * out by looking (`host:port`); a gateway has `http.PORT` and `https.PORT...`, on the port it listens on.
 */
export function configurationsFor(
  routes: readonly JsonObject[],
  { port, type }: { port: number; type: "sidecar" | "router" },
): JsonObject[] {
  const named = (test: (name: string) => boolean) => routes.filter((config) => test(String(config["name"])));
  if (type === "sidecar") {
    return [...named((name) => name === String(port)), ...named((name) => name.endsWith(`:${port}`))];
  }
  const ports = port === 80 ? [80, 8080] : port === 443 ? [443, 8443] : [port];
  return named((name) => ports.some((one) => name === `http.${one}` || name.startsWith(`https.${one}.`)));
}

/** Exact domains first, then the longest wildcard in front, then the longest behind, then `*`. The port does not count. */
function chooseVirtualHost(configuration: JsonObject, authority: string): JsonObject | undefined {
  const ignorePort = configuration["ignore_port_in_host_matching"] === true;
  const host = (ignorePort ? withoutPort(authority) : authority).toLowerCase();
  let best: { virtualHost: JsonObject; rank: number } | undefined;
  for (const virtualHost of objects(configuration["virtual_hosts"])) {
    for (const domain of list(virtualHost["domains"])) {
      const rank = rankOf(String(domain).toLowerCase(), host);
      if (rank > (best?.rank ?? -1)) best = { virtualHost, rank };
    }
  }
  return best?.virtualHost;
}

function rankOf(domain: string, host: string): number {
  if (domain === host) return 3_000_000;
  if (domain === "*") return 0;
  const longer = host.length > domain.length - 1;
  if (domain.startsWith("*") && longer && host.endsWith(domain.slice(1))) return 2_000_000 + domain.length;
  if (domain.endsWith("*") && longer && host.startsWith(domain.slice(0, -1))) return 1_000_000 + domain.length;
  return -1;
}

function chooseAmong(routes: JsonObject[], request: SeenRequest): Pick<Choice, "rejected" | "route"> {
  const rejected: Rejected[] = [];
  for (const route of routes) {
    const match = isObject(route["match"]) ? route["match"] : {};
    const reason = whyNotMatched(match, request);
    if (reason === undefined) return { rejected, route };
    rejected.push({ route, reason });
  }
  return { rejected };
}

/** `product.siren` of `product.siren:50051`; an IPv6 address keeps its brackets. */
export function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, "");
}

/** The port of an authority; 80 when it has none, as HTTP clients leave it out. */
export function portOf(authority: string): number {
  return Number(/:(\d+)$/.exec(authority)?.[1] ?? 80);
}

function objects(value: Json | undefined): JsonObject[] {
  return list(value).filter((item) => isObject(item));
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
