import type { LocalityLbSetting } from "#mesh/istio/destination-rule.ts";
import type { JsonObject } from "./json.ts";
import type { LocalitySetting } from "./load-balancer.ts";
import type { Endpoint } from "./service.ts";

/** The endpoints of one locality, on their way into a load assignment. */
export interface LocalityGroup {
  locality: string;
  endpoints: { endpoint: Endpoint; json: JsonObject }[];
  weight: number;
  priority: number;
}

export interface ProxyPlace {
  locality: string;
  labels: Record<string, string>;
}

/** Weighs or orders the groups by how near they are to the proxy. Istio does not go by labels where DNS finds the endpoints. */
export function applyLocality(
  groups: LocalityGroup[],
  locality: LocalitySetting | undefined,
  { hasBreaker, place, byLabel }: { hasBreaker: boolean; place: ProxyPlace; byLabel: boolean },
): LocalityGroup[] {
  if (!locality) return groups;
  const { distribute, failover = [], failoverPriority = [] } = locality.setting;
  if (distribute) return distributed(groups, distribute, place.locality);
  if (!hasBreaker && !locality.forced) return groups;
  if (failoverPriority.length === 0) return compacted(withFailover(groups, failover, place.locality));
  const split = byLabel
    ? compacted(groups.flatMap((group) => byLabels(group, failoverPriority, place.labels)))
    : groups;
  return failover.length > 0 ? compacted(withFailover(split, failover, place.locality)) : split;
}

type Distribution = NonNullable<LocalityLbSetting["distribute"]>;

/** Shares of traffic by locality: the first entry for the proxy's place counts; groups that it does not name get nothing. */
function distributed(groups: LocalityGroup[], distribute: Distribution, own: string): LocalityGroup[] {
  const entry = distribute.find(({ from = "" }) => matches(own, from));
  if (!entry) return groups;
  const left = new Set(groups);
  const weighed = new Map<LocalityGroup, number>();
  for (const [to, weight] of Object.entries(entry.to ?? {})) {
    const hit = [...left].filter((group) => matches(group.locality, to));
    const total = hit.reduce((sum, group) => sum + group.weight, 0);
    for (const group of hit) {
      left.delete(group);
      const share = (group.weight * weight) / total;
      if (share > 0) weighed.set(group, Math.ceil(share));
    }
  }
  return groups.map((group) => ({
    ...group,
    weight: weighed.get(group) ?? group.weight,
    endpoints: left.has(group) ? [] : group.endpoints,
  }));
}

type Failover = NonNullable<LocalityLbSetting["failover"]>;

function withFailover(groups: LocalityGroup[], failover: Failover, own: string): LocalityGroup[] {
  return groups.map((group) => ({ ...group, priority: group.priority * 5 + distance(group, failover, own) }));
}

/** 0 for the same place, 1 for the zone, 2 for the region, 3 elsewhere, 4 elsewhere when another region is to take over. */
function distance({ locality }: LocalityGroup, failover: Failover, own: string): number {
  const [region = "", zone = "", subzone = ""] = own.split("/");
  const [otherRegion = "", otherZone = "", otherSubzone = ""] = locality.split("/");
  if (region === otherRegion) {
    if (zone !== otherZone) return 2;
    return subzone === otherSubzone ? 0 : 1;
  }
  const rule = failover.find(({ from }) => from === region);
  return rule && rule.to !== otherRegion ? 4 : 3;
}

/** Splits a group by how many labels, in order, its endpoints share with the proxy. */
function byLabels(group: LocalityGroup, priorities: string[], labels: Record<string, string>): LocalityGroup[] {
  const byPriority = new Map<number, LocalityGroup["endpoints"]>();
  for (const entry of group.endpoints) {
    const missed = priorities.findIndex((label) => {
      const [name = "", override] = label.split("=");
      return (override ?? labels[name] ?? "") !== (entry.endpoint.labels[name] ?? "");
    });
    const priority = missed < 0 ? 0 : priorities.length - missed;
    byPriority.set(priority, [...(byPriority.get(priority) ?? []), entry]);
  }
  return [...byPriority]
    .sort(([a], [b]) => a - b)
    .map(([priority, endpoints]) => {
      const weight = endpoints.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
      return { locality: group.locality, endpoints, weight, priority };
    });
}

/** Envoy wants priorities without gaps. */
function compacted(groups: LocalityGroup[]): LocalityGroup[] {
  const order = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: order.indexOf(group.priority) }));
}

function matches(locality: string, pattern: string): boolean {
  const parts = locality.split("/");
  return pattern.split("/").every((part, index) => {
    if (part === "*" || (part === "" && index > 0)) return true;
    return part === (parts[index] ?? "");
  });
}
