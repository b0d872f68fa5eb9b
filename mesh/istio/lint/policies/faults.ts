import type { Context } from "./context.ts";

/** Faults that are on (M010), and faults that never happen (M020). */
export function checkFaults({ routes }: Context): void {
  for (const { route, place } of routes) {
    for (const kind of ["delay", "abort"] as const) {
      const fault = route.fault?.[kind];
      if (!fault) continue;
      const at = place.in("fault", kind);
      const share = fault.percentage?.value ?? ("percent" in fault ? fault.percent : undefined) ?? 0;
      if (share === 0) {
        const message = `without a percentage above 0 the ${kind} never happens`;
        at.find("M020", message, "write percentage: {value: 100}, or remove the fault");
      } else {
        const done = kind === "delay" ? "delayed" : "aborted";
        const message = `${share} % of the requests are ${done} on purpose`;
        at.find("M010", message, "keep it out of what production gets");
      }
    }
  }
}
