import { isDeepStrictEqual } from "node:util";
import { chooseRoute } from "#mesh/explain/choose-route.ts";
import { seenRequest } from "#mesh/explain/explain-route.ts";
import { placeOf } from "#mesh/explain/explanation.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import type { JsonObject } from "#mesh/xds/json.ts";
import { buildMesh, type Mesh } from "#mesh/xds/mesh.ts";
import { originOf } from "#mesh/xds/origin.ts";
import type { Proxy } from "#mesh/xds/proxy.ts";
import { type PlainRequest, type RequestCase, routeParts } from "./request-format.ts";
import { at, list, madeUpFile, madeUpObject } from "./world.ts";

/** Runs one case of istio-config-validator: every request must be served by an HTTPRoute with the parts asked for, or by another one. */
export function runRequestCase(test: RequestCase, objects: readonly KubeObject[]): string[] {
  const world = completed(objects);
  const { mesh, findings } = buildMesh(world);
  const failures = test.requests.flatMap((request) => {
    const served = serve(request, mesh, world);
    const name = `${request.method} ${request.authority}${request.path}`;
    return compare(test, served).map(
      (failure) => `${name}: ${failure}${served ? ` (${placeOf(served.object, served.path)})` : ""}`,
    );
  });
  // A rule that Istio drops is the likely cause.
  const causes = failures.length > 0 ? findings.filter(({ file }) => file !== madeUpFile) : [];
  return [...failures, ...causes.map(({ file, line, message }) => `${file}:${line}: ${message}`)];
}

/** The HTTPRoute, as it is written, that serves a request. */
interface Served {
  object: KubeObject;
  path: (string | number)[];
  rule: Record<string, unknown>;
  /** What the root says of its delegate, where the rule is a delegate's. */
  delegate: unknown;
}

function compare({ expect, wantMatch }: RequestCase, served: Served | undefined): string[] {
  return routeParts.flatMap((part) => {
    if (expect[part] === undefined) return [];
    const is = part === "delegate" ? served?.delegate : served?.rule[part];
    if (isDeepStrictEqual(normal(is), normal(expect[part])) === wantMatch) return [];
    const wanted = wantMatch ? "expected" : "expected anything but";
    return [`${part}: ${wanted} ${JSON.stringify(expect[part])}, got ${JSON.stringify(is) ?? "no route"}`];
  });
}

/** Fields that are empty or zero are as good as not written. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(
    ([, field]) => field !== null && field !== 0 && field !== "" && field !== false,
  );
  return Object.fromEntries(kept.map(([key, field]) => [key, normal(field)]));
}

/** Asks a sidecar and every gateway that has the host; the first with a route decides. */
function serve(request: PlainRequest, mesh: Mesh, objects: readonly KubeObject[]): Served | undefined {
  const seen = seenRequest({ ...request, to: request.authority });
  for (const proxy of proxiesFor(objects)) {
    const { routes } = compileProxy(mesh, proxy);
    const { route } = chooseRoute(routes as JsonObject[], seen);
    const origin = route && originOf(route);
    if (origin?.object.kind === "VirtualService") return servedBy(origin, objects);
  }
  return undefined;
}

function servedBy(
  { object, path }: { object: KubeObject; path: (string | number)[] },
  objects: readonly KubeObject[],
): Served {
  const own = path.slice(0, 3);
  const rule = (at(object.raw, ...own) ?? {}) as Record<string, unknown>;
  if (isRecord(rule["delegate"])) return throughDelegate({ object, path: own, rule }, rule["delegate"], objects);
  return { object, path: own, rule, delegate: delegateTo(object, objects) };
}

/** The route carries the root's match when the delegate has none of its own: then its rule without a match serves. */
function throughDelegate(
  root: Omit<Served, "delegate">,
  delegate: Record<string, unknown>,
  objects: readonly KubeObject[],
): Served {
  const namespace = delegate["namespace"] ?? root.object.metadata.namespace;
  const target = objects.find(
    ({ kind, metadata }) =>
      kind === "VirtualService" && metadata.name === delegate["name"] && metadata.namespace === namespace,
  );
  const rules = list(at(target?.raw, "spec", "http"));
  const index = rules.findIndex((rule) => list(at(rule, "match")).length === 0);
  const rule = rules[index];
  if (!target || !isRecord(rule)) return { ...root, delegate };
  return { object: target, path: ["spec", "http", index], rule, delegate };
}

function delegateTo(object: KubeObject, objects: readonly KubeObject[]): unknown {
  if (list(at(object.raw, "spec", "hosts")).length > 0) return undefined;
  for (const root of objects.filter(({ kind }) => kind === "VirtualService")) {
    for (const rule of list(at(root.raw, "spec", "http"))) {
      const delegate = at(rule, "delegate");
      const namespace = at(delegate, "namespace") ?? root.metadata.namespace;
      if (at(delegate, "name") === object.metadata.name && namespace === object.metadata.namespace) return delegate;
    }
  }
  return undefined;
}

/** A sidecar in each namespace that has VirtualServices, then the gateways. */
function proxiesFor(objects: readonly KubeObject[]): Proxy[] {
  const namespaces = new Set(
    objects.filter(({ kind }) => kind === "VirtualService").map(({ metadata }) => metadata.namespace),
  );
  const proxy = (namespace: string, labels: Record<string, string>, type: Proxy["type"]): Proxy => ({
    name: "mesh-test",
    namespace,
    labels,
    ip: "10.223.255.1",
    type,
    serviceAccount: "default",
  });
  const gateways = objects.filter(({ kind }) => kind === "Gateway");
  return [
    ...[...namespaces].map((namespace) => proxy(namespace, { app: "mesh-test" }, "sidecar")),
    ...gateways.map(({ spec, metadata }) => {
      const selector = at(spec, "selector");
      return proxy(metadata.namespace, isRecord(selector) ? (selector as Record<string, string>) : {}, "router");
    }),
  ];
}

/**
 * Adds what files of VirtualServices alone do not hold and their routes depend on: Gateways and delegates that are named, and a
 * service on port 80, without which a sidecar has no routes there.
 */
function completed(objects: readonly KubeObject[]): KubeObject[] {
  const all = [...objects];
  const has = (kind: string, namespace: string, name: string) =>
    all.some((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name);
  const add = (raw: {
    kind: string;
    metadata: { name: string; namespace: string };
    spec: unknown;
    apiVersion?: string;
  }) => {
    const { name, namespace } = raw.metadata;
    if (!has(raw.kind, namespace, name)) all.push(madeUpObject({ apiVersion: "networking.istio.io/v1", ...raw }));
  };
  for (const { kind, spec, metadata } of objects) {
    if (kind !== "VirtualService") continue;
    for (const gateway of list(at(spec, "gateways"))) {
      if (typeof gateway === "string" && gateway !== "mesh") add(gatewayNamed(gateway, metadata.namespace));
    }
    for (const rule of list(at(spec, "http"))) {
      const delegate = at(rule, "delegate");
      if (isRecord(delegate)) add(delegateNamed(delegate, metadata.namespace));
    }
  }
  const service = { name: "mesh-test", namespace: "mesh-test" };
  const ports = [{ name: "http", port: 80 }];
  add({
    apiVersion: "v1",
    kind: "Service",
    metadata: service,
    spec: { clusterIP: "10.222.255.1", selector: service, ports },
  });
  return all;
}

type MadeUp = { kind: string; metadata: { name: string; namespace: string }; spec: unknown };

function gatewayNamed(reference: string, namespace: string): MadeUp {
  const [first = "", second] = reference.split("/");
  const owner = second === undefined || first === "." ? namespace : first;
  const servers = [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }];
  return {
    kind: "Gateway",
    metadata: { name: second ?? first, namespace: owner },
    spec: { selector: { app: "mesh-test" }, servers },
  };
}

function delegateNamed(delegate: Record<string, unknown>, namespace: string): MadeUp {
  const owner = typeof delegate["namespace"] === "string" ? delegate["namespace"] : namespace;
  const route = [{ destination: { host: "delegate.invalid" } }];
  return {
    kind: "VirtualService",
    metadata: { name: String(delegate["name"]), namespace: owner },
    spec: { http: [{ route }] },
  };
}
