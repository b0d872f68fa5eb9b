import type { Context } from "./context.ts";

/** HTTP filters that are added behind the router (M029). */
export function checkEnvoyFilters({ world }: Context): void {
  for (const { spec, place } of world.resources.EnvoyFilter) {
    spec.configPatches?.forEach(({ applyTo, patch }, index) => {
      if (applyTo !== "HTTP_FILTER" || patch?.operation !== "ADD") return;
      const message = "ADD puts the filter behind the router, where no request arrives";
      const hint =
        "write INSERT_BEFORE with match.listener.filterChain.filter.subFilter.name: envoy.filters.http.router";
      place.in("configPatches", index, "patch", "operation").find("M029", message, hint);
    });
  }
}
