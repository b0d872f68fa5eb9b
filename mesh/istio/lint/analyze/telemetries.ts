import type { World } from "../world.ts";
import { analyzeSelection } from "./selection.ts";

/** Telemetries that compete (IST0159, IST0160), select nothing (IST0101) or log to nowhere (IST0157). */
export function analyzeTelemetries(world: World): void {
  const telemetries = world.resources.Telemetry;
  analyzeSelection(
    telemetries.map((resource) => ({ resource, field: "selector", labels: resource.spec.selector?.matchLabels })),
    { world, kind: "Telemetrie", several: "IST0159", without: "IST0160" },
  );
  if (world.mesh.hasAccessLogProvider) return;
  for (const { spec, place } of telemetries) {
    spec.accessLogging?.forEach(({ disabled, providers }, index) => {
      if (disabled || providers?.length) return;
      const message = "no provider is named, here or in the mesh's defaults, so no access log is written";
      place.in("accessLogging", index).find("IST0157", message, "write providers: [{name: envoy}]");
    });
  }
}
