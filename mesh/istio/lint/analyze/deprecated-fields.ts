import type { World } from "../world.ts";

/** Fields that Istio replaced, and providers that it gives up (IST0002). */
export function analyzeDeprecatedFields(world: World): void {
  analyzeProviders(world);
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

function analyzeProviders(world: World): void {
  for (const { spec, place } of world.resources.Telemetry) {
    spec.tracing?.forEach(({ providers }, index) => {
      providers?.forEach(({ name = "" }, at) => {
        if (!world.mesh.lightstepProviders.includes(name)) return;
        const message = `the provider ${name} is of Lightstep, which goes with a later release`;
        const hint = "write an opentelemetry provider in extensionProviders";
        place.in("tracing", index, "providers", at, "name").find("IST0002", message, hint);
      });
    });
  }
}
