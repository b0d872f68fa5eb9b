import type { Context } from "./context.ts";

/** What works with captured traffic alone (M027). */
export function checkOriginalDestination({ world }: Context): void {
  for (const { spec, place } of world.resources.ServiceEntry) {
    if (spec.resolution !== undefined && spec.resolution !== "NONE") continue;
    const message =
      "resolution NONE sends requests to the address that the caller had in mind, which only captured traffic has";
    (spec.resolution ? place.in("resolution") : place).find(
      "M027",
      message,
      "write resolution: DNS, or STATIC with endpoints",
    );
  }
  for (const { spec, place } of world.resources.DestinationRule) {
    if (spec.trafficPolicy?.loadBalancer?.simple !== "PASSTHROUGH") continue;
    const message =
      "PASSTHROUGH sends requests to the address that the caller had in mind, which only captured traffic has";
    place.in("trafficPolicy", "loadBalancer", "simple").find("M027", message, "write LEAST_REQUEST or ROUND_ROBIN");
  }
}
