import type { Place } from "../../place.ts";
import type { localityLbSetting } from "../../schema/traffic-policy.ts";
import type { Infer } from "../../schema/types.ts";

type Locality = Infer<typeof localityLbSetting>;

interface Context {
  warns: boolean;
  /** Whether outlier detection is on, without which nothing fails over. */
  ejects: boolean;
}

const topologyLabels = new Set([
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
]);

export function validateLocality(setting: Locality | undefined, place: Place, context: Context): void {
  if (!setting) return;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    return place.in("failover").refuse("distribute and failover exclude one another", "keep one of them");
  }
  const label = failoverPriority.find((entry) => topologyLabels.has(entry));
  if (failover.length > 0 && label) {
    return place
      .in("failoverPriority")
      .refuse(`failover and the label ${label} exclude one another`, "remove one of them");
  }
  if (!validateDistribute(distribute, place.in("distribute"))) return;
  if ((failover.length > 0 || failoverPriority.length > 0) && !context.ejects && context.warns) {
    place.warn("nothing fails over while no endpoint is ejected", "write outlierDetection");
  }
  failover.forEach((entry, index) => {
    validateFailover(entry, place.in("failover", index));
  });
}

/** Returns false where istiod stops looking. */
function validateDistribute(distribute: NonNullable<Locality["distribute"]>, place: Place): boolean {
  for (const [index, { to = {} }] of distribute.entries()) {
    const at = place.in(index, "to");
    const weights = Object.values(to);
    if (weights.some((weight) => weight < 1 || weight > 100)) {
      at.refuse("a locality's weight is not in 1..100", "write weights from 1 to 100");
      return false;
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total !== 100) {
      at.refuse(`the weights of the localities add up to ${total}, not to 100`, "make them add up to 100");
      return false;
    }
    refuseOverlap(Object.keys(to), at);
  }
  refuseOverlap(
    distribute.map(({ from = "" }) => from),
    place,
  );
  return true;
}

/** Localities of one list may not cover one another. A region alone covers its zones; `*` covers what is behind it. */
function refuseOverlap(localities: string[], place: Place): void {
  const seen: string[][] = [];
  for (const locality of localities) {
    const problem = localityProblem(locality, seen);
    if (problem)
      return place.refuse(`the locality "${locality}" ${problem}`, "write region, region/zone or region/zone/subzone");
    seen.push(locality.split("/"));
  }
}

function localityProblem(locality: string, seen: string[][]): string | undefined {
  const stars = locality.split("*").length - 1;
  if (stars > 1 || (stars === 1 && !locality.endsWith("*"))) return "has a * that is not its end";
  const parts = splitLocality(locality);
  if (parts.includes("")) return "has an empty part";
  const overlaps = seen.some((other) => {
    if (other[0] === "*") return true;
    const shared = Math.min(other.length, parts.length);
    const prefix = other.slice(0, shared).every((part, index) => part === parts[index] || part === "*");
    return prefix && (other.length <= parts.length || parts.length < 3);
  });
  return overlaps ? "overlaps an earlier one" : undefined;
}

function splitLocality(locality: string): string[] {
  const [region = "", zone, ...rest] = locality.split("/");
  if (zone === undefined) return [region];
  return rest.length > 0 ? [region, zone, rest.join("/")] : [region, zone];
}

function validateFailover({ from = "", to = "" }: { from?: string; to?: string }, place: Place): void {
  if (from === to) place.refuse("it fails over from a region to the same region", "write another region in `to`");
  if (from.includes("/") || to.includes("/")) place.refuse("failover knows regions only", "write the region alone");
  if (from.includes("*") || to.includes("*")) place.refuse("failover has no wildcards", "write the region's name");
}
