import type { TrafficPolicy } from "../kinds/destination-rule/schema.ts";
import type { Place } from "../place.ts";
import type { Context } from "./context.ts";

const blocks = ["connectionPool", "loadBalancer", "outlierDetection", "tls"] as const;

/** Policies of a port or a subset that erase what stands above them (M023). */
export function checkOverrides({ world }: Context): void {
  for (const { spec, place } of world.resources.DestinationRule) {
    const { trafficPolicy: top, subsets } = spec;
    if (!top) continue;
    checkPorts(top, top, place.in("trafficPolicy"));
    subsets?.forEach(({ trafficPolicy }, index) => {
      if (!trafficPolicy) return;
      const at = place.in("subsets", index, "trafficPolicy");
      checkBlocks(top, trafficPolicy, at);
      checkPorts({ ...top, ...trafficPolicy }, trafficPolicy, at);
    });
  }
}

function checkPorts(above: TrafficPolicy, policy: TrafficPolicy, place: Place): void {
  policy.portLevelSettings?.forEach((settings, index) => {
    const lost = blocks.filter((block) => above[block] && !settings[block]);
    if (lost.length === 0) return;
    const message = `the port's settings replace all four blocks, so ${lost.join(", ")} of the whole service does not hold for it`;
    place.in("portLevelSettings", index).find("M023", message, `repeat ${lost.join(" and ")} here`);
  });
}

function checkBlocks(top: TrafficPolicy, policy: TrafficPolicy, place: Place): void {
  for (const block of blocks) {
    const below = policy[block];
    if (!below || !top[block]) continue;
    const lost = fieldsOf(top[block]).filter((field) => !fieldsOf(below).includes(field));
    if (lost.length === 0) continue;
    const message = `the subset's ${block} replaces the whole block, so ${lost.join(", ")} of the rule does not hold for it`;
    place.in(block).find("M023", message, `repeat ${lost.join(" and ")} here`);
  }
}

/** The fields of a block, and of the blocks in it: `http.maxRetries`. */
function fieldsOf(block: object): string[] {
  return Object.entries(block).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((inner) => `${name}.${inner}`)
      : [name],
  );
}
