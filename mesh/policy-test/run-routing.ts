import { explainRoute, seenRequest } from "#mesh/explain/explain-route.ts";
import type { Destination, Explanation } from "#mesh/explain/explanation.ts";
import { proxyOf } from "#mesh/explain/proxies.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { parseDuration } from "#mesh/istio/shape.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { withChanges } from "./change.ts";
import { type Change, type ExpectedRoute, type RoutingCase, requestLine } from "./format.ts";
import { buildWorld } from "./world.ts";

export interface Context {
  objects: readonly KubeObject[];
  change: readonly Change[];
}

/** Runs one routing test in memory. Returns what was not as expected. */
export function runRouting(test: RoutingCase, context: Context): string[] {
  const objects = withChanges(context.objects, [...context.change, ...(test.change ?? [])]);
  const named = { id: test.from, called: false, ...(test.labels ? { labels: test.labels } : {}) };
  const world = buildWorld(objects, [named]);
  const workload = world.workloads.get(test.from);
  if (!workload) return [`there is no workload ${test.from}`];
  const { mesh } = buildMesh(world.objects);
  const { to, grpc, headers } = test.request;
  const request = seenRequest({
    to,
    ...requestLine(test.request),
    ...(headers ? { headers } : {}),
    grpc: grpc !== undefined,
  });
  const proxy = proxyOf(workload, world);
  const explanation = explainRoute({
    mesh,
    objects: world.objects,
    workloads: world.workloads.values(),
    proxy,
    from: test.from,
    request,
  });
  const failures = routeMismatches(test.expect, explanation);
  return failures.length === 0 ? [] : [...failures, ...reasons(explanation)];
}

/** What of an expected route is different. */
export function routeMismatches(expected: ExpectedRoute, actual: Explanation): string[] {
  const [first] = actual.destinations;
  const found: string[] = [];
  const compare = (what: string, wanted: unknown, is: unknown) => {
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(is)) {
      found.push(`${what}: expected ${shown(wanted)}, got ${shown(is)}`);
    }
  };
  compare("destination", expected.destination, destinationOf(expected.destination, actual.destinations));
  compare("subset", expected.subset, first?.subset);
  compare("cluster", expected.cluster, first?.cluster);
  compare("virtualService", expected.virtualService, actual.virtualService?.name ?? "none");
  compare("route", expected.route, actual.route?.name);
  compare("timeout", normal(expected.timeout), normal(settingOf(actual, "timeout")));
  compare("authorization", expected.authorization, actual.authorization?.verdict);
  compare("status", expected.status, actual.answer?.status);
  compare("redirect", expected.redirect, actual.redirect);
  compare("rewrite.path", expected.rewrite?.path, actual.rewrite?.path);
  compare("rewrite.authority", expected.rewrite?.authority, actual.rewrite?.authority);
  return [...found, ...retryMismatches(expected.retries, actual)];
}

function retryMismatches(expected: ExpectedRoute["retries"], actual: Explanation): string[] {
  if (expected === undefined) return [];
  const retries = settingOf(actual, "retries");
  if (expected === "none") return retries === "none" ? [] : [`retries: expected none, got ${retries ?? "no route"}`];
  const is = {
    attempts: retries === undefined || retries === "none" ? 0 : Number(retries),
    retryOn: settingOf(actual, "retried on"),
    perTryTimeout: normal(settingOf(actual, "timeout of each try")),
  };
  const wanted = { ...expected, ...(expected.perTryTimeout ? { perTryTimeout: normal(expected.perTryTimeout) } : {}) };
  return (["attempts", "retryOn", "perTryTimeout"] as const).flatMap((field) =>
    wanted[field] === undefined || wanted[field] === is[field]
      ? []
      : [`retries.${field}: expected ${shown(wanted[field])}, got ${shown(is[field])}`],
  );
}

/** In the form in which it is asked for: one text, or weights by destination. */
function destinationOf(expected: ExpectedRoute["destination"], actual: readonly Destination[]): unknown {
  const named = actual.map(({ host, port, subset, weight }) => ({ host: `${host}:${port}`, subset, weight }));
  if (typeof expected !== "object") return named.length > 1 ? named.map(({ host }) => host).join(", ") : named[0]?.host;
  const keys = Object.keys(expected);
  const weights = named.map(({ host, subset, weight }) => {
    const full = subset === "" ? host : `${host}/${subset}`;
    return [keys.includes(full) ? full : keys.includes(host) ? host : full, weight] as const;
  });
  const order = (key: string) => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return Object.fromEntries(weights.sort(([a], [b]) => order(a) - order(b)));
}

function settingOf({ settings }: Explanation, name: string): string | undefined {
  return settings.find((setting) => setting.name === name)?.value;
}

/** `0.5s` and `500ms` are one and the same. */
function normal(duration: string | undefined): string | undefined {
  const ms = duration === undefined ? undefined : parseDuration(duration);
  return ms === undefined ? duration : `${ms}ms`;
}

function reasons({ summary, notTaken }: Explanation): string[] {
  return [`the request: ${summary}`, ...notTaken.map(({ what, at, why }) => `not taken: ${what} (${at}): ${why}`)];
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}
