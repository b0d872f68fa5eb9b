import { compareSpecificity, hostsOverlap, isSubsetOf, resolveShortName } from "#mesh/istio/hosts.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { originOf as originOfPart } from "#mesh/istio/shape.ts";
import type { HttpMatch } from "#mesh/istio/virtual-service.ts";
import { ruleForProxy } from "#mesh/xds/destination-rules.ts";
import type { JsonObject } from "#mesh/xds/json.ts";
import type { Mesh } from "#mesh/xds/mesh.ts";
import { originOf } from "#mesh/xds/origin.ts";
import { labelsMatch, type Proxy } from "#mesh/xds/proxy.ts";
import type { VirtualServiceResource } from "#mesh/xds/virtual-services.ts";
import { audienceOf, canSee } from "#mesh/xds/visibility.ts";
import { type Choice, portOf, withoutPort } from "./choose-route.ts";
import { type Explanation, type NotTaken, placeOf } from "./explanation.ts";
import type { SeenRequest } from "./match-request.ts";

interface Context {
  mesh: Mesh;
  objects: readonly KubeObject[];
  proxy: Proxy;
  request: SeenRequest;
}

/** VirtualServices for the same host that do not serve the request, and rules of the one that does which never reached Envoy. */
export function unusedVirtualServices(context: Context, explanation: Explanation, choice: Choice): NotTaken[] {
  const host = hostOf(context, choice);
  const taken = explanation.virtualService?.name;
  return context.mesh.virtualServices.all.flatMap((resource) => {
    const { object, spec, namespace, name } = resource;
    const hosts = (spec.hosts ?? []).filter((one) => hostsOverlap(one.toLowerCase(), host));
    if (hosts.length === 0) return [];
    const id = `${namespace}/${name}`;
    if (id === taken) return unusedMatches(resource, context, choice);
    const why = whyNotServing(resource, { ...context, host, taken: explanation.virtualService?.name, hosts });
    return [{ what: `VirtualService ${id}`, at: placeOf(object, []), why }];
  });
}

/** The full name of the service that a virtual host is for, else what the caller wrote. */
function hostOf({ request }: Context, { virtualHost }: Choice): string {
  const name = withoutPort(String(virtualHost?.["name"] ?? ""));
  return (name.includes(".") ? name : withoutPort(request.authority)).toLowerCase();
}

function whyNotServing(
  { spec, namespace, name }: VirtualServiceResource,
  { mesh, proxy, taken, hosts, host }: Context & { taken: string | undefined; hosts: string[]; host: string },
): string {
  const gateways = spec.gateways && spec.gateways.length > 0 ? spec.gateways : ["mesh"];
  if (proxy.type === "sidecar" && !gateways.includes("mesh")) {
    return `it is bound to the gateway ${gateways.join(", ")}, not to sidecars (mesh)`;
  }
  if (proxy.type === "router" && !gateways.some((gateway) => gateway !== "mesh")) return "it is not bound to a gateway";
  const audience = audienceOf(spec.exportTo ?? [], namespace, mesh.settings.virtualServiceExportTo);
  if (!canSee(audience, proxy.namespace)) return `its exportTo does not reach the namespace ${proxy.namespace}`;
  if (taken === undefined) return "none of its rules applies to this caller and port, so the default route is used";
  const winner = mesh.virtualServices.all.find((one) => `${one.namespace}/${one.name}` === taken);
  const winning = (winner?.spec.hosts ?? []).filter((one) => hostsOverlap(one, host)).sort(compareSpecificity)[0];
  const own = [...hosts].sort(compareSpecificity)[0] ?? host;
  if (winning !== undefined && winning !== own && compareSpecificity(winning, own) < 0) {
    return `its host ${own} is less specific than ${winning} of ${taken}`;
  }
  return `${taken} is for the same host and comes first: by age in a cluster, by name (${name} is later) among files`;
}

/** Matches that were decided when the configuration was made, and rules behind a catch-all. */
function unusedMatches(resource: VirtualServiceResource, context: Context, { virtualHost }: Choice): NotTaken[] {
  const made = new Set(
    ((virtualHost?.["routes"] ?? []) as JsonObject[]).map((route) => {
      const origin = originOf(route);
      return origin ? `${origin.object.source.file} ${origin.path.join(".")}` : "";
    }),
  );
  return (resource.spec.http ?? []).flatMap((rule, index) => {
    const parts = rule.match && rule.match.length > 0 ? rule.match : [rule];
    return parts.flatMap((part) => {
      const origin = originOfPart(part);
      if (!origin || made.has(`${origin.object.source.file} ${origin.path.join(".")}`)) return [];
      const why = part === rule ? undefined : whyNotMade(part as HttpMatch, context);
      const what = rule.name ? `route ${rule.name}` : `route ${index}`;
      return [{ what, at: placeOf(origin.object, origin.path), why: why ?? "a route before it takes every request" }];
    });
  });
}

function whyNotMade(match: HttpMatch, { proxy, request }: Context): string | undefined {
  const port = portOf(request.authority);
  if (match.port && match.port !== port) return `it is for port ${match.port}`;
  if (match.gateways && match.gateways.length > 0) {
    const wanted = match.gateways.join(", ");
    return match.gateways.includes("mesh") && proxy.type === "sidecar" ? undefined : `it is for the gateway ${wanted}`;
  }
  if (!labelsMatch(match.sourceLabels ?? {}, proxy.labels)) {
    return `its sourceLabels ${JSON.stringify(match.sourceLabels)} are not the caller's`;
  }
  if (match.sourceNamespace && match.sourceNamespace !== proxy.namespace) {
    return `it is for callers of the namespace ${match.sourceNamespace}`;
  }
  return undefined;
}

/** The DestinationRules, merged into one, that a proxy uses for a host. The first is the one that counts. */
export function rulesFor({ mesh, objects, proxy }: Context, host: string): KubeObject[] {
  const [service] = mesh.registry.named(host).values();
  const merged =
    service && ruleForProxy(mesh.destinationRules.rulesFor(service, proxy.namespace), proxy, { inbound: false });
  if (!merged) return [];
  const first = merged.object;
  const same = objects.filter((object) => object !== first && isMergedWith(first, object));
  return [first, ...same];
}

/** Rules of one namespace for one host, without a selector, become one. */
function isMergedWith(first: KubeObject, other: KubeObject): boolean {
  if (other.kind !== "DestinationRule" || other.metadata.namespace !== first.metadata.namespace) return false;
  const selector = (object: KubeObject) =>
    JSON.stringify((object.spec as JsonObject | undefined)?.["workloadSelector"]);
  return hostOfRule(other) === hostOfRule(first) && selector(other) === selector(first);
}

/** DestinationRules whose host is this one, or a wildcard around it, and why they do not count for the proxy. */
export function unusedRules(context: Context, host: string, used: readonly KubeObject[]): NotTaken[] {
  const [first] = used;
  return context.objects.flatMap((object) => {
    if (object.kind !== "DestinationRule" || used.includes(object) || !isSubsetOf(host, hostOfRule(object))) return [];
    const { namespace, name } = object.metadata;
    return [
      {
        what: `DestinationRule ${namespace}/${name}`,
        at: placeOf(object, []),
        why: whyNotUsed(object, host, { context, first }),
      },
    ];
  });
}

function whyNotUsed(
  object: KubeObject,
  host: string,
  { context, first }: { context: Context; first: KubeObject | undefined },
): string {
  const { mesh, proxy } = context;
  const [service] = mesh.registry.named(host).values();
  const looked = [...new Set([proxy.namespace, service?.namespace ?? "", mesh.settings.rootNamespace])].filter(Boolean);
  const { namespace } = object.metadata;
  if (!looked.includes(namespace))
    return `only the namespaces ${looked.join(", ")} are looked at for this caller and callee`;
  if (!first) return "it is not exported to the caller, or its workloadSelector picks others";
  const winner = `${first.metadata.namespace}/${first.metadata.name}`;
  if (first.metadata.namespace !== namespace)
    return `${winner} stands in the namespace ${first.metadata.namespace}, which comes first`;
  if (hostOfRule(object) !== hostOfRule(first)) return `its host is less specific than that of ${winner}`;
  return `${winner} comes first: they differ in exportTo or workloadSelector, so they are not merged`;
}

function hostOfRule({ spec, metadata }: KubeObject): string {
  return resolveShortName(String((spec as JsonObject | undefined)?.["host"] ?? ""), metadata.namespace);
}
