import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Workload } from "#mesh/policy-test/world.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import { isObject, type Json, type JsonObject } from "#mesh/xds/json.ts";
import type { Mesh } from "#mesh/xds/mesh.ts";
import { parseOutboundCluster, passthroughCluster } from "#mesh/xds/names.ts";
import { originOf } from "#mesh/xds/origin.ts";
import { labelsMatch, type Proxy } from "#mesh/xds/proxy.ts";
import { type Authorization, authorize } from "./authorize.ts";
import { type Choice, chooseRoute, configurationsFor, portOf } from "./choose-route.ts";
import { destinationSettings } from "./destination-settings.ts";
import { type Destination, type Explanation, placeOf } from "./explanation.ts";
import type { SeenRequest } from "./match-request.ts";
import { rulesFor, unusedRules, unusedVirtualServices } from "./not-taken.ts";
import { routeSettings } from "./route-settings.ts";

export type Compiled = ReturnType<typeof compileProxy>;

export interface Question {
  mesh: Mesh;
  objects: readonly KubeObject[];
  /** Who may be the callee: whose policies say whether the caller may call. */
  workloads: Iterable<Workload>;
  proxy: Proxy;
  /** `namespace/name` of the caller. */
  from: string;
  request: SeenRequest;
}

/** Follows one request through the configuration that istiod would make for its caller's proxy. */
export function explainRoute(question: Question): Explanation {
  const compiled = compileProxy(question.mesh, question.proxy);
  return explainCompiled(question, compiled);
}

/** The same, for a proxy that has been compiled already. */
export function explainCompiled(question: Question, compiled: Compiled): Explanation {
  const { request, proxy, from } = question;
  const port = portOf(request.authority);
  const choice = chooseRoute(configurationsFor(compiled.routes as JsonObject[], { port, type: proxy.type }), request);
  const { authority: to, method, path, headers } = request;
  const explanation: Explanation = {
    from,
    request: { to, method, path, headers: { ...headers } },
    outcome: "answered",
    summary: "",
    destinations: [],
    settings: [],
    notTaken: rejectedRoutes(choice),
  };
  Object.assign(explanation, outcomeOf(choice, { question, compiled, port }));
  const authorization = authorizationOf(explanation, question);
  if (authorization) explanation.authorization = authorization;
  if (choice.configuration) explanation.notTaken.push(...unusedVirtualServices(question, explanation, choice));
  return explanation;
}

/** Replicas of one workload have the same policies; of several workloads behind one host the first is asked. */
function authorizationOf({ destinations }: Explanation, question: Question): Authorization | undefined {
  const [destination] = destinations;
  const [service] = question.mesh.registry.named(destination?.host ?? "").values();
  if (!destination || !service?.selector) return undefined;
  const { namespace, selector } = service;
  const behind = [...question.workloads].find(
    (one) => one.namespace === namespace && labelsMatch(selector, one.labels),
  );
  const callee = behind ?? { namespace, labels: selector };
  const { mesh, proxy: caller, request } = question;
  return authorize({ mesh, caller, callee, request, port: destination.port });
}

interface Context {
  question: Question;
  compiled: Compiled;
  port: number;
}

function outcomeOf(choice: Choice, context: Context): Partial<Explanation> {
  const { route, virtualHost } = choice;
  if (!choice.configuration) return withoutConfiguration(context);
  if (!virtualHost) return answered(404, "no virtual host of this port has the host: 404 (UNIMPLEMENTED)");
  const named = whoseRoute(choice);
  if (!route) {
    const summary = "the host has a VirtualService, and none of its routes takes the request: 404 (UNIMPLEMENTED)";
    return { ...named, ...answered(404, summary) };
  }
  const direct = route["direct_response"];
  if (isObject(direct)) {
    const status = Number(direct["status"]);
    return { ...named, ...answered(status, `the proxy answers ${status} by itself`) };
  }
  if (isObject(route["redirect"])) {
    const redirect = locationOf(route["redirect"], context.question.request);
    return { ...named, outcome: "redirected", redirect, summary: `the proxy redirects to ${redirect}` };
  }
  return { ...named, ...routed(route, context) };
}

function answered(status: number, summary: string): Partial<Explanation> {
  return { outcome: "answered", answer: { status }, summary };
}

/** The proxy speaks no HTTP on the port: it is a port of TCP, or none that the proxy knows. */
function withoutConfiguration({ compiled, port, question }: Context): Partial<Explanation> {
  if (question.proxy.type === "router") return answered(404, `the gateway has no server on port ${port}`);
  const opaque = compiled.listeners.some((listener) => String((listener as JsonObject)["name"]).endsWith(`_${port}`));
  if (!opaque) return { outcome: "passed-through", summary: `no service of the mesh has port ${port}` };
  const summary = `port ${port} carries no HTTP as far as Istio knows: name the Service's port grpc or http`;
  return { outcome: "opaque", summary };
}

function routed(route: JsonObject, context: Context): Partial<Explanation> {
  const action = isObject(route["route"]) ? route["route"] : {};
  const clusters = clustersOf(action);
  if (clusters[0]?.name === passthroughCluster) {
    return { outcome: "passed-through", summary: "no service of the mesh has this host: it is let out as it is" };
  }
  const destinations = clusters.map((cluster) => destinationOf(cluster, context));
  const missing = destinations.find(({ exists }) => !exists);
  const names = destinations.map(({ host, port, subset }) => `${host}:${port}${subset ? `/${subset}` : ""}`);
  const rewrite = rewriteOf(action, route, context.question.request);
  return {
    outcome: "routed",
    summary: missing
      ? `goes to the cluster ${missing.cluster}, which does not exist: 503 (UNAVAILABLE)`
      : `goes to ${names.join(", ")}`,
    destinations,
    settings: routeSettings(route, action, context.question),
    ...(rewrite ? { rewrite } : {}),
  };
}

function clustersOf(action: JsonObject): { name: string; weight: number }[] {
  const weighted = isObject(action["weighted_clusters"]) ? action["weighted_clusters"]["clusters"] : undefined;
  if (!Array.isArray(weighted)) return [{ name: String(action["cluster"] ?? ""), weight: 100 }];
  return weighted
    .filter((one) => isObject(one))
    .map((one) => ({ name: String(one["name"]), weight: Number(one["weight"]) }));
}

function destinationOf(
  { name, weight }: { name: string; weight: number },
  { question, compiled }: Context,
): Destination {
  const cluster = (compiled.clusters as JsonObject[]).find((candidate) => candidate["name"] === name);
  const { host = name, port = 0, subset = "" } = parseOutboundCluster(name) ?? {};
  const rules = rulesFor(question, host);
  const [rule] = rules;
  return {
    host,
    port,
    subset,
    weight,
    cluster: name,
    exists: cluster !== undefined,
    ...(rule ? { destinationRule: { name: nameOf(rule), at: placeOf(rule, []) } } : {}),
    settings: cluster ? destinationSettings(cluster, { rules, subset, port }) : [],
    notTaken: unusedRules(question, host, rules),
  };
}

function whoseRoute({ route, virtualHost }: Choice): Partial<Explanation> {
  const named: Partial<Explanation> = {};
  const origin = (route && originOf(route)) ?? (virtualHost && originOf(virtualHost));
  if (origin?.object.kind !== "VirtualService") return named;
  named.virtualService = { name: configOf(route) ?? nameOf(origin.object), at: placeOf(origin.object, []) };
  if (route) named.route = { name: String(route["name"] ?? ""), at: placeOf(origin.object, origin.path) };
  return named;
}

/** `namespace/name` of the VirtualService that Envoy has in the route's metadata: of the root, where there is a delegate. */
function configOf(route: JsonObject | undefined): string | undefined {
  const config = JSON.stringify(route?.["metadata"] ?? {});
  const [, namespace, name] = /namespaces\/([^/"]+)\/virtual-service\/([^/"]+)/.exec(config) ?? [];
  return namespace && name ? `${namespace}/${name}` : undefined;
}

function rejectedRoutes({ rejected }: Choice): Explanation["notTaken"] {
  return rejected.map(({ route, reason }) => {
    const origin = originOf(route);
    const name = String(route["name"] ?? "");
    const what = name === "" ? "a route" : `route ${name}`;
    return { what, at: origin ? placeOf(origin.object, origin.path) : "", why: reason };
  });
}

function locationOf(redirect: JsonObject, { authority, path, scheme }: SeenRequest): string {
  const port = redirect["port_redirect"] === undefined ? "" : `:${Number(redirect["port_redirect"])}`;
  const host = textOf(redirect["host_redirect"]) || (port === "" ? authority : authority.replace(/:\d+$/, ""));
  const to = textOf(redirect["path_redirect"]) || path;
  return `${textOf(redirect["scheme_redirect"]) || scheme}://${host}${port}${to}`;
}

function rewriteOf(action: JsonObject, route: JsonObject, { path }: SeenRequest): Explanation["rewrite"] {
  const authority = textOf(action["host_rewrite_literal"]);
  const replacement = textOf(action["prefix_rewrite"]);
  const rewrite: NonNullable<Explanation["rewrite"]> = {};
  if (authority !== "") rewrite.authority = authority;
  if (replacement !== "") rewrite.path = rewritten(path, replacement, isObject(route["match"]) ? route["match"] : {});
  else if (isObject(action["regex_rewrite"])) rewrite.path = regexRewritten(path, action["regex_rewrite"]);
  return Object.keys(rewrite).length > 0 ? rewrite : undefined;
}

/** A prefix is replaced; with an exact match or a regular expression it is the whole path. The query stays. */
function rewritten(path: string, replacement: string, match: JsonObject): string {
  const [bare = "", query] = path.split("?", 2);
  const prefix = textOf(match["prefix"]);
  const rest = prefix === "" ? "" : bare.slice(prefix.length);
  return `${replacement}${rest}${query === undefined ? "" : `?${query}`}`;
}

function regexRewritten(path: string, rewrite: JsonObject): string {
  const pattern = isObject(rewrite["pattern"]) ? textOf(rewrite["pattern"]["regex"]) : "";
  const substitution = textOf(rewrite["substitution"])
    .replaceAll("$", "$$$$")
    .replaceAll(/\\(\d)/g, "$$$1");
  return path.replaceAll(new RegExp(pattern, "g"), substitution.replaceAll("$0", "$&"));
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A request as the caller's proxy sees it: header names in lower case, a gRPC call's content type set. */
export function seenRequest(request: {
  to: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  grpc?: boolean;
}): SeenRequest {
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    authority: request.to,
    method: request.method,
    path: request.path,
    scheme: "http",
    headers: { ...(request.grpc ? { "content-type": "application/grpc" } : {}), ...Object.fromEntries(headers) },
  };
}
