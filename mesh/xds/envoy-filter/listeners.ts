import { isObject, type Json, type JsonObject, objectAt, objectsAt } from "../json.ts";
import { virtualInbound, virtualOutbound } from "../names.ts";
import { sameOrigin } from "../origin.ts";
import { mergeMessage, mergePacked } from "./merge.ts";
import { addsTo, isFor, type Patch, type PatchContext } from "./patches.ts";
import { place } from "./place.ts";
import { patchRouteConfiguration } from "./routes.ts";

const httpConnectionManager = "envoy.filters.network.http_connection_manager";

/** Applies patches to the listeners of one side of a proxy. */
export function patchListeners(listeners: JsonObject[], patches: Patch[], context: PatchContext): JsonObject[] {
  const own = patches.filter((patch) => isFor(patch, context));
  const patched = listeners
    .map((listener) => patchListener(listener, { patches: own, context }))
    .filter((listener) => listener !== undefined);
  const added = patches.filter((patch) => patch.applyTo === "LISTENER" && addsTo(patch, context));
  return [...patched, ...added.map(({ value }) => structuredClone(value))];
}

interface Work {
  patches: Patch[];
  context: PatchContext;
}

function patchListener(original: JsonObject, work: Work): JsonObject | undefined {
  const patches = work.patches.filter((patch) => matchesListener(original, patch));
  if (patches.length === 0 && work.patches.every(({ applyTo }) => !isRoutePatch(applyTo))) return original;
  const listener = sameOrigin({ ...original }, original);
  for (const { operation, value } of patches.filter(({ applyTo }) => applyTo === "LISTENER")) {
    if (operation === "REMOVE") return undefined;
    if (operation === "MERGE") mergeMessage(listener, value);
  }
  patchListenerFilters(listener, patches);
  patchFilterChains(listener, { ...work, patches });
  return listener;
}

function isRoutePatch(applyTo: Patch["applyTo"]): boolean {
  return applyTo === "ROUTE_CONFIGURATION" || applyTo === "VIRTUAL_HOST" || applyTo === "HTTP_ROUTE";
}

function matchesListener(listener: JsonObject, { match, applyTo }: Patch): boolean {
  const wanted = match.listener;
  if (!wanted) return true;
  if (wanted.name && wanted.name !== listener["name"]) return false;
  if (applyTo !== "LISTENER" && isVirtual(listener)) return true;
  return !wanted.portNumber || portOf(listener) === wanted.portNumber;
}

/** The listeners that take all ports: there a patch's port is that of a filter chain. */
function isVirtual(listener: JsonObject): boolean {
  return listener["name"] === virtualInbound || listener["name"] === virtualOutbound;
}

function portOf(listener: JsonObject): Json | undefined {
  return objectAt(objectAt(listener, "address"), "socket_address")["port_value"];
}

function patchListenerFilters(listener: JsonObject, patches: Patch[]): void {
  for (const patch of patches.filter(({ applyTo }) => applyTo === "LISTENER_FILTER")) {
    const name = patch.match.listener?.listenerFilter;
    const anchor = name ? (filter: JsonObject) => filter["name"] === name : undefined;
    const filters = objectsAt(listener, "listener_filters");
    listener["listener_filters"] =
      patch.operation === "MERGE" && anchor
        ? filters.map((filter) => (anchor(filter) ? mergedFilter(filter, patch) : filter))
        : place(filters, patch, anchor);
  }
}

function patchFilterChains(listener: JsonObject, work: Work): void {
  const chains = objectsAt(listener, "filter_chains")
    .map((chain) => patchFilterChain(listener, chain, work))
    .filter((chain) => chain !== undefined);
  const added = work.patches.filter(({ applyTo, operation }) => applyTo === "FILTER_CHAIN" && operation === "ADD");
  const all = [...chains, ...added.map(({ value }) => structuredClone(value))];
  if (all.length > 0 || listener["filter_chains"]) listener["filter_chains"] = all;
  const fallback = listener["default_filter_chain"];
  if (!isObject(fallback)) return;
  const patched = patchFilterChain(listener, fallback, work);
  if (patched) listener["default_filter_chain"] = patched;
  else delete listener["default_filter_chain"];
}

function patchFilterChain(listener: JsonObject, original: JsonObject, work: Work): JsonObject | undefined {
  const patches = work.patches.filter((patch) => matchesChain(listener, original, patch));
  const chain = sameOrigin({ ...original }, original);
  for (const { operation, value } of patches.filter(({ applyTo }) => applyTo === "FILTER_CHAIN")) {
    if (operation === "REMOVE") return undefined;
    if (operation === "MERGE") mergeChain(chain, value);
  }
  patchNetworkFilters(chain, { ...work, patches });
  return chain;
}

function matchesChain(listener: JsonObject, chain: JsonObject, { match }: Patch): boolean {
  const wanted = match.listener;
  if (!wanted) return true;
  const found = objectAt(chain, "filter_chain_match");
  if (isVirtual(listener) && wanted.portNumber && found["destination_port"] !== wanted.portNumber) return false;
  const { name, sni, transportProtocol, applicationProtocols, destinationPort } = wanted.filterChain ?? {};
  const protocols = found["application_protocols"];
  return (
    (!name || chain["name"] === name) &&
    (!sni || (Array.isArray(found["server_names"]) && found["server_names"].includes(sni))) &&
    (!transportProtocol || found["transport_protocol"] === transportProtocol) &&
    (!applicationProtocols ||
      applicationProtocols.split(",").every((each) => Array.isArray(protocols) && protocols.includes(each))) &&
    (!destinationPort || found["destination_port"] === destinationPort)
  );
}

/** A transport socket of the same name is merged inside, not replaced. */
function mergeChain(chain: JsonObject, value: JsonObject): void {
  const [socket, patch] = [chain["transport_socket"], value["transport_socket"]];
  if (isObject(socket) && isObject(patch) && socket["name"] === patch["name"]) {
    const config = mergePacked(socket["typed_config"], patch["typed_config"]);
    chain["transport_socket"] = config === undefined ? socket : { ...socket, typed_config: config };
  } else mergeMessage(chain, value);
}

function patchNetworkFilters(chain: JsonObject, work: Work): void {
  const patches = work.patches.filter(({ applyTo }) => applyTo === "NETWORK_FILTER");
  let filters = objectsAt(chain, "filters");
  for (const patch of patches) filters = place(filters, patch, networkAnchor(patch));
  filters = filters.map((filter) => {
    const merged = patches.reduce((current, patch) => {
      const anchor = networkAnchor(patch);
      return patch.operation === "MERGE" && (!anchor || anchor(current)) ? mergedFilter(current, patch) : current;
    }, filter);
    return merged["name"] === httpConnectionManager ? patchConnectionManager(merged, work) : merged;
  });
  if (filters.length > 0 || chain["filters"]) chain["filters"] = filters;
}

function networkAnchor({ match }: Patch): ((filter: JsonObject) => boolean) | undefined {
  const wanted = match.listener?.filterChain?.filter;
  return wanted && ((filter) => filter["name"] === (wanted.name ?? ""));
}

function patchConnectionManager(filter: JsonObject, { patches, context }: Work): JsonObject {
  const manager = filter["typed_config"];
  if (!isObject(manager)) return filter;
  const own = patches.filter((patch) => patch.applyTo === "HTTP_FILTER" && (networkAnchor(patch)?.(filter) ?? true));
  const config = { ...manager };
  let filters = objectsAt(manager, "http_filters");
  for (const patch of own) filters = place(filters, patch, httpAnchor(patch));
  config["http_filters"] = filters.map((each) =>
    own.reduce((current, patch) => {
      const anchor = httpAnchor(patch);
      return patch.operation === "MERGE" && (!anchor || anchor(current)) ? mergedFilter(current, patch) : current;
    }, each),
  );
  const routes = manager["route_config"];
  if (isObject(routes)) config["route_config"] = patchRouteConfiguration(routes, patches, { context });
  return { ...filter, typed_config: config };
}

function httpAnchor({ match }: Patch): ((filter: JsonObject) => boolean) | undefined {
  const wanted = match.listener?.filterChain?.filter?.subFilter;
  return wanted && ((filter) => filter["name"] === (wanted.name ?? ""));
}

function mergedFilter(filter: JsonObject, { value }: Patch): JsonObject {
  if (!filter["typed_config"]) return filter;
  const config = mergePacked(filter["typed_config"], value["typed_config"]);
  return {
    ...filter,
    name: value["name"] ?? filter["name"] ?? "",
    ...(config === undefined ? {} : { typed_config: config }),
  };
}
