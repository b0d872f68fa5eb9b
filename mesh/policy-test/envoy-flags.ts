import { adminGet } from "#mesh/local/envoy-admin.ts";

/** How many of a workload's requests ended with each response flag (`-` for none), since its proxy started. */
export type FlagCounts = ReadonlyMap<string, number>;

/** Reads the counts of Istio's `istio_requests_total`, as the workload's own proxy reports them. */
export async function readFlags(admin: string, workload: { namespace: string; name: string }): Promise<FlagCounts> {
  const { body } = await adminGet(admin, "/stats/prometheus?filter=requests_total");
  const counts = new Map<string, number>();
  for (const line of body.split("\n")) {
    const [, labels, value] = /^\w*istio_requests_total\{(.*)\} (\d+)$/.exec(line) ?? [];
    if (labels === undefined) continue;
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    if (label("reporter") !== "source" || label("source_workload") !== workload.name) continue;
    if (label("source_workload_namespace") !== workload.namespace) continue;
    // A request can have several.
    for (const flag of (label("response_flags") || "-").split(",")) {
      counts.set(flag, (counts.get(flag) ?? 0) + Number(value));
    }
  }
  return counts;
}

/** What was added between two readings. */
export function addedSince(before: FlagCounts, now: FlagCounts): Map<string, number> {
  const added = [...now].map(([flag, count]) => [flag, count - (before.get(flag) ?? 0)] as const);
  return new Map(added.filter(([, count]) => count > 0));
}
