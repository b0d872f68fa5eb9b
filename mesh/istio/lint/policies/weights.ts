import type { Context } from "./context.ts";

/** Weights that do not say what happens (M036). */
export function checkWeights({ routes }: Context): void {
  for (const { route, place } of routes) {
    const weights = (route.route ?? []).map(({ weight }) => weight);
    const [only] = weights;
    if (weights.length === 1 && only !== undefined && only !== 100) {
      const message = `a single destination gets every request, whatever its weight of ${only}`;
      place.in("route", 0, "weight").find("M036", message, "remove weight");
    }
    const total = weights.reduce((sum: number, weight) => sum + (weight ?? 0), 0);
    if (weights.length > 1 && total !== 100 && total > 0) {
      const message = `the weights add up to ${total}, and requests are divided in proportion to them`;
      place.in("route").find("M036", message, "make them add up to 100");
    }
  }
}
