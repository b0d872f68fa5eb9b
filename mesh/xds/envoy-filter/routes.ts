import { type JsonObject, objectsAt } from "../json.ts";
import { sameOrigin } from "../origin.ts";
import { mergeMessage } from "./merge.ts";
import { isFor, type Patch, type PatchContext } from "./patches.ts";
import { type Anchor, place } from "./place.ts";

export interface RouteWork {
  context: PatchContext;
  /** At a gateway: the ports of its Service that lead to a listener's port. A listener that none leads to stands for itself. */
  gatewayPorts?: ReadonlyMap<number, ReadonlySet<number>>;
}

/** Applies patches to a route configuration; returns a changed copy, or the same object when no patch is for it. */
export function patchRouteConfiguration(original: JsonObject, all: Patch[], work: RouteWork): JsonObject {
  const patches = all.filter((patch) => isFor(patch, work.context) && matchesConfiguration(original, patch, work));
  const relevant = patches.filter(({ applyTo }) =>
    ["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"].includes(applyTo),
  );
  if (relevant.length === 0) return original;
  const configuration = sameOrigin({ ...original }, original);
  for (const { applyTo, operation, value } of relevant) {
    if (applyTo === "ROUTE_CONFIGURATION" && operation === "MERGE") mergeMessage(configuration, value);
  }
  const hosts = objectsAt(configuration, "virtual_hosts")
    .map((host) => patchVirtualHost(host, relevant))
    .filter((host) => host !== undefined);
  const added = relevant.filter(({ applyTo, operation }) => applyTo === "VIRTUAL_HOST" && operation === "ADD");
  const patched = [...hosts, ...added.map(({ value }) => structuredClone(value))];
  if (patched.length > 0) configuration["virtual_hosts"] = patched;
  else delete configuration["virtual_hosts"];
  return configuration;
}

function matchesConfiguration(configuration: JsonObject, { match }: Patch, work: RouteWork): boolean {
  const wanted = match.routeConfiguration;
  if (!wanted) return true;
  const name = String(configuration["name"]);
  if (wanted.name && wanted.name !== name) return false;
  if (work.context !== "GATEWAY") return !wanted.portNumber || sidecarPort(name) === wanted.portNumber;
  const { port, portName, gateway } = gatewayName(name);
  if (wanted.portName && wanted.portName !== portName) return false;
  if (wanted.gateway && wanted.gateway !== gateway) return false;
  return !wanted.portNumber || (work.gatewayPorts?.get(port) ?? new Set([port])).has(wanted.portNumber);
}

function sidecarPort(name: string): number {
  return Number(name.startsWith("inbound|") ? name.split("|")[1] : name) || 0;
}

/** `http.PORT`, or `https.PORT.PORT_NAME.GATEWAY.NAMESPACE`. */
function gatewayName(name: string): { port: number; portName: string; gateway: string } {
  const [scheme, port = "0", portName = "", gateway = "", namespace = ""] = name.split(".");
  if (scheme !== "https") return { port: Number(port), portName: "", gateway: "" };
  return { port: Number(port), portName, gateway: `${namespace}/${gateway}` };
}

function patchVirtualHost(original: JsonObject, all: Patch[]): JsonObject | undefined {
  const patches = all.filter((patch) => matchesHost(original, patch));
  let host = sameOrigin({ ...original }, original);
  for (const { applyTo, operation, value } of patches) {
    if (applyTo !== "VIRTUAL_HOST") continue;
    if (operation === "REMOVE") return undefined;
    if (operation === "MERGE") mergeMessage(host, value);
    if (operation === "REPLACE") host = structuredClone(value);
  }
  patchRoutes(host, patches);
  return host;
}

function matchesHost(host: JsonObject, { match }: Patch): boolean {
  const { name, domainName } = match.routeConfiguration?.vhost ?? {};
  const domains = host["domains"];
  return (!name || name === host["name"]) && (!domainName || (Array.isArray(domains) && domains.includes(domainName)));
}

function patchRoutes(host: JsonObject, patches: Patch[]): void {
  const own = patches.filter(({ applyTo }) => applyTo === "HTTP_ROUTE");
  if (own.length === 0) return;
  let routes = objectsAt(host, "routes")
    .map((route) => patchRoute(route, own))
    .filter((route) => route !== undefined);
  for (const patch of own) {
    if (patch.operation === "INSERT_FIRST") {
      const anchor = anchorOf(patch);
      if (!anchor || routes.some(anchor)) routes = [structuredClone(patch.value), ...routes];
    } else if (patch.operation !== "REMOVE" && patch.operation !== "REPLACE") {
      routes = place(routes, patch, anchorOf(patch));
    }
  }
  host["routes"] = routes;
}

function patchRoute(original: JsonObject, patches: Patch[]): JsonObject | undefined {
  const route = sameOrigin(structuredClone(original), original);
  for (const patch of patches) {
    if (!(anchorOf(patch)?.(route) ?? true)) continue;
    if (patch.operation === "REMOVE") return undefined;
    if (patch.operation === "MERGE") mergeMessage(route, patch.value);
  }
  return route;
}

const actionFields = { ROUTE: "route", REDIRECT: "redirect", DIRECT_RESPONSE: "direct_response" } as const;

function anchorOf({ match }: Patch): Anchor {
  const wanted = match.routeConfiguration?.vhost?.route;
  if (!wanted) return undefined;
  const { name, action = "ANY" } = wanted;
  return (route) => (!name || name === route["name"]) && (action === "ANY" || actionFields[action] in route);
}
