import type { World } from "../world.ts";

/** TCP ports without an address (IST0134). */
export function analyzeServiceEntries(world: World): void {
  for (const { spec, place } of world.resources.ServiceEntry) {
    if (spec.addresses) continue;
    spec.ports?.forEach(({ protocol = "", number }, index) => {
      if (protocol !== "" && protocol.toUpperCase() !== "TCP") return;
      const message = `port ${number} has no address, so it takes the TCP traffic of that port to any address`;
      place.in("ports", index).find("IST0134", message, "write addresses, or the port's protocol");
    });
  }
}
