import type { World } from "../world.ts";

/** Fields that Istio replaced (IST0002). */
export function analyzeDeprecatedFields(world: World): void {
  for (const { spec, place } of world.resources.VirtualService) {
    spec.http?.forEach(({ fault }, index) => {
      const percent = fault?.delay?.percent ?? 0;
      if (percent <= 0) return;
      const message = "percent is deprecated, and goes with a later release";
      place
        .in("http", index, "fault", "delay", "percent")
        .find("IST0002", message, `write percentage: {value: ${percent}}`);
    });
  }
}
