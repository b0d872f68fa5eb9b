import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { World } from "#mesh/policy-test/world.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { parseOutboundCluster } from "#mesh/xds/names.ts";
import { diffJson } from "./json-diff.ts";
import { proxyOf } from "./proxies.ts";

/** What one and the same change does to the configuration of the proxies that it touches. */
export interface Effect {
  /** `namespace/name` of the workloads whose proxies change. */
  callers: string[];
  /** The host and port that they call, `(inbound)` for what reaches them, `(everything)` where it is not one callee. */
  callee: string;
  resources: ResourceChange[];
}

export interface ResourceChange {
  type: "listener" | "cluster" | "route" | "endpoints";
  name: string;
  change: "added" | "removed" | "changed";
  fields: { path: string; before?: unknown; after?: unknown }[];
}

const types = [
  ["listeners", "listener", "name"],
  ["clusters", "cluster", "name"],
  ["routes", "route", "name"],
  ["endpoints", "endpoints", "cluster_name"],
] as const;

/** What is different in the Envoy configuration of every workload's proxy; callers whose change is the same share one entry. */
export function diffEnvoy(before: World, after: World): { effects: Effect[]; untouched: string[] } {
  const compile = compiler(before.objects);
  const recompile = compiler(after.objects);
  const groups = new Map<string, Effect>();
  const untouched: string[] = [];
  const ids = [...new Set([...before.workloads.keys(), ...after.workloads.keys()])].sort();
  for (const id of ids) {
    const changes = compare(compile(id, before), recompile(id, after));
    if (changes.size === 0) untouched.push(id);
    for (const [callee, resources] of changes) {
      const key = `${callee} ${JSON.stringify(resources)}`;
      const effect = groups.get(key) ?? { callers: [], callee, resources };
      effect.callers.push(id);
      groups.set(key, effect);
    }
  }
  return { effects: [...groups.values()], untouched };
}

type Resources = Map<string, unknown>;
type Compiled = Record<(typeof types)[number][1], Resources>;

function compiler(objects: readonly KubeObject[]): (id: string, world: World) => Compiled {
  const { mesh } = buildMesh(objects);
  return (id, world) => {
    const workload = world.workloads.get(id);
    const compiled = workload && compileProxy(mesh, proxyOf(workload, world));
    const out: Compiled = { listener: new Map(), cluster: new Map(), route: new Map(), endpoints: new Map() };
    for (const [list, type, key] of types) {
      for (const resource of compiled?.[list] ?? [])
        out[type].set(String((resource as Record<string, unknown>)[key]), resource);
    }
    return out;
  };
}

function compare(before: Compiled, after: Compiled): Map<string, ResourceChange[]> {
  const byCallee = new Map<string, ResourceChange[]>();
  for (const [, type] of types) {
    for (const name of new Set([...before[type].keys(), ...after[type].keys()])) {
      for (const [callee, change] of compareResource(type, name, [before[type].get(name), after[type].get(name)])) {
        byCallee.set(callee, [...(byCallee.get(callee) ?? []), change]);
      }
    }
  }
  return byCallee;
}

/** A route configuration holds many callees: each virtual host is a change of its own. */
function compareResource(
  type: ResourceChange["type"],
  name: string,
  [before, after]: [unknown, unknown],
): [callee: string, change: ResourceChange][] {
  const fields = diffJson(before, after).map(({ beforePath: _, afterPath: __, ...field }) => field);
  if (fields.length === 0) return [];
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  if (type !== "route" || change !== "changed") return [[calleeOf(type, name), { type, name, change, fields }]];
  const byHost = Map.groupBy(fields, ({ path }) => /^virtual_hosts\[([^\]]+)\]/.exec(path)?.[1] ?? "(everything)");
  return [...byHost].map(([host, own]) => [host, { type, name, change, fields: own }]);
}

function calleeOf(type: ResourceChange["type"], name: string): string {
  const key = parseOutboundCluster(name);
  if (key) return `${key.host}:${key.port}`;
  return name.startsWith("inbound|") || name === "virtualInbound"
    ? "(inbound)"
    : type === "route"
      ? name
      : "(everything)";
}
