import type { Json } from "../envoy-api.ts";
import { edsName, isLoopback, localizeCluster } from "./clusters.ts";
import { gatewayListeners } from "./gateway.ts";
import { inboundListeners } from "./inbound.ts";
import { nameOf, textAt } from "./json.ts";
import { Memo, printOf, shorten } from "./memo.ts";
import { outboundRoutes, proxyKey, scoped } from "./names.ts";
import { outboundHosts, outboundListenerOf } from "./outbound.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";
import { withTelemetry, withWorkloadLabels } from "./telemetry.ts";
import type { Localized, LocalProxy, Place, Replica, SecretNeed, Shortfall } from "./types.ts";

/** A resource as it runs here, and the one it was made of. */
interface Made {
  readonly resource: Json;
  readonly source: Json | undefined;
}

interface Draft {
  readonly listeners: Map<string, Json>;
  readonly clusters: Map<string, Json>;
  readonly routes: Map<string, Json>;
  readonly endpoints: Map<string, Json>;
  readonly secrets: Map<string, SecretNeed>;
  readonly origins: Map<string, Json>;
  readonly shortfalls: Shortfall[];
}

interface World {
  readonly place: Place;
  readonly memo: Memo;
  /** The endpoints that a cluster of istiod's has, with the labels of their workloads. */
  endpointsOf(compiled: LocalProxy["compiled"]): ReadonlyMap<string, Json>;
}

/**
 * Turns what istiod would push to each proxy into what one Envoy on this machine runs for all of them. Pure: the same input gives
 * the same output, in the same order. With a memo from the last time it gives the same objects where nothing has changed.
 */
export function localize(proxies: readonly LocalProxy[], place: Place, memo: Memo = new Memo()): Localized {
  const draft: Draft = {
    listeners: new Map(),
    clusters: new Map(),
    routes: new Map(),
    endpoints: new Map(),
    secrets: new Map(),
    origins: new Map(),
    shortfalls: [],
  };
  const world: World = { place, memo, endpointsOf: labelledEndpoints(proxies) };
  for (const proxy of proxies) localizeProxy(proxy, world, draft);
  memo.next();
  const { listeners, clusters, routes, endpoints } = draft;
  return { ...draft, resources: { listeners, clusters, routes, endpoints } };
}

function labelledEndpoints(proxies: readonly LocalProxy[]): World["endpointsOf"] {
  const byIp = new Map(proxies.flatMap(({ replica }) => (replica ? [[replica.ip, replica] as const] : [])));
  const known = new Map<LocalProxy["compiled"], ReadonlyMap<string, Json>>();
  return (compiled) => {
    const kept = known.get(compiled);
    if (kept) return kept;
    const made = new Map(
      compiled.endpoints.map((item) => [textAt(item, "cluster_name"), withWorkloadLabels(item, byIp)]),
    );
    known.set(compiled, made);
    return made;
  };
}

function localizeProxy(proxy: LocalProxy, world: World, draft: Draft): void {
  const names = new Set(proxy.compiled.clusters.map(nameOf));
  const maker = new Maker(proxy, { world, names, draft });
  addClusters(proxy, { world, maker, draft });
  if (proxy.replica) addSidecar(proxy, proxy.replica, { maker, draft });
  else addGateway(proxy, { maker, draft });
}

/** Makes parts of one proxy's configuration, or takes them from the memo with all that came with them. */
class Maker {
  readonly #proxy: LocalProxy;
  readonly #world: World;
  readonly #draft: Draft;
  readonly #names: ReadonlySet<string>;
  readonly #context: string;
  readonly key: string;

  constructor(proxy: LocalProxy, { world, names, draft }: { world: World; names: ReadonlySet<string>; draft: Draft }) {
    this.#proxy = proxy;
    this.#world = world;
    this.#draft = draft;
    this.#names = names;
    this.key = proxyKey(proxy);
    const { ip, serviceAccount, replica } = proxy;
    this.#context = shorten(JSON.stringify([world.place.fingerprint, ip, serviceAccount, replica, [...names]]));
  }

  /** `input`: all that the result depends on besides the proxy and the place. */
  make<T>(slot: string, input: string, work: (context: Rewriting) => T): T {
    const kept = this.#world.memo.get(`${this.key} ${slot}`, `${this.#context} ${input}`, () => {
      const secrets = new Map<string, SecretNeed>();
      const shortfalls: Shortfall[] = [];
      const { place } = this.#world;
      const context = { key: this.key, proxy: this.#proxy, place, clusters: this.#names, secrets, shortfalls };
      return { value: work(context), secrets, shortfalls };
    });
    for (const [name, need] of kept.secrets) this.#draft.secrets.set(name, need);
    this.#draft.shortfalls.push(...kept.shortfalls);
    return kept.value;
  }
}

interface Adding {
  readonly maker: Maker;
  readonly draft: Draft;
}

function addClusters(proxy: LocalProxy, { world, maker, draft }: Adding & { world: World }): void {
  const endpoints = world.endpointsOf(proxy.compiled);
  for (const source of proxy.compiled.clusters) {
    const assignment = endpoints.get(edsName(source));
    const isLocal = isLoopback(assignment);
    const cluster = maker.make(`cluster ${nameOf(source)}`, `${isLocal} ${printOf(source)}`, (context) =>
      localizeCluster(source, context, { bindsToOwnAddress: isLocal }),
    );
    if (!cluster) continue;
    const name = nameOf(cluster);
    draft.clusters.set(name, cluster);
    draft.origins.set(name, source);
    if (cluster["type"] === "EDS") addEndpoints(cluster, assignment, { maker, draft });
  }
}

/** Endpoints are the same for most callers: one copy under istiod's name, and one of its own for who sees others. */
function addEndpoints(cluster: Json, found: Json | undefined, { maker, draft }: Adding): void {
  const service = edsName(cluster);
  const assignment = found ?? { cluster_name: service };
  const shared = draft.endpoints.get(service);
  if (!shared || printOf(shared) === printOf(assignment)) {
    if (!shared) draft.endpoints.set(service, assignment);
    return;
  }
  const own = scoped(maker.key, service);
  draft.endpoints.set(own, { ...assignment, cluster_name: own });
  const eds = { service_name: own, eds_config: { ads: {}, resource_api_version: "V3" } };
  draft.clusters.set(nameOf(cluster), { ...cluster, eds_cluster_config: eds });
}

function addSidecar(proxy: LocalProxy, replica: Replica, { maker, draft }: Adding): void {
  const { listeners, routes } = proxy.compiled;
  const outbound = maker.make("outbound", printOf(listeners), (context) => {
    const made = outboundListenerOf(context, replica);
    return (
      made && {
        resource: withTelemetry(made.listener, { proxy, reporter: "source", place: context.place }),
        source: nameOf(made.source),
      }
    );
  });
  const inbound = maker.make("inbound", printOf(listeners), (context) =>
    inboundListeners(context).map(({ listener, source }) => ({
      resource: withTelemetry(listener, { proxy, reporter: "destination", place: context.place }),
      source: nameOf(source),
    })),
  );
  for (const { resource, source } of outbound ? [outbound, ...inbound] : inbound) {
    addTo(draft.listeners, { resource, source: listeners.find((listener) => nameOf(listener) === source) }, draft);
  }
  if (!outbound) return;
  // Several configurations of istiod's became one.
  addTo(draft.routes, { resource: routesOf(routes, maker), source: { routes: [...routes] } }, draft);
}

/** An edit changes few of the virtual hosts: the others stay the objects they were. */
function routesOf(routes: readonly Json[], maker: Maker): Json {
  const hosts = outboundHosts(routes);
  const local = hosts.map((host) =>
    maker.make(`host ${nameOf(host)}`, printOf(host), (context) => rewrite(host, context)),
  );
  const name = scoped(maker.key, outboundRoutes);
  return maker.make("routes", printOf(hosts), () => ({ name, virtual_hosts: local, validate_clusters: false }));
}

function addGateway(proxy: LocalProxy, { maker, draft }: Adding): void {
  const { listeners, routes } = proxy.compiled;
  const edge = maker.make("gateway", printOf(listeners), (context) =>
    gatewayListeners(context).map(({ listener, source }) => ({
      resource: withTelemetry(listener, { proxy, reporter: "source", place: context.place }),
      source: nameOf(source),
    })),
  );
  for (const { resource, source } of edge) {
    addTo(draft.listeners, { resource, source: listeners.find((listener) => nameOf(listener) === source) }, draft);
  }
  for (const source of routes) {
    const name = scoped(maker.key, nameOf(source));
    const resource = maker.make(`routes ${name}`, printOf(source), (context) => ({
      ...rewrite(source, context),
      name,
    }));
    addTo(draft.routes, { resource, source }, draft);
  }
}

function addTo(kind: Map<string, Json>, { resource, source }: Made, draft: Draft): void {
  kind.set(nameOf(resource), resource);
  if (source) draft.origins.set(nameOf(resource), source);
}
