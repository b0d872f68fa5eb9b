import type { Context } from "./context.ts";

const redirects = new Set([0, 301, 302, 303, 307, 308]);

/** Values that pass istiod and that Envoy refuses (M033). */
export function checkEnvoyRefusals({ routes }: Context): void {
  for (const { route, place } of routes) {
    const code = route.redirect?.redirectCode ?? 0;
    if (code >= 300 && code <= 399 && !redirects.has(code)) {
      const message = `Envoy has no redirect ${code}, so the route gets no action and the proxy refuses its configuration`;
      place.in("redirect", "redirectCode").find("M033", message, "write 301, 302, 303, 307 or 308");
    }
    const refused = "is no HTTP status, so the proxy refuses its configuration";
    if (route.directResponse?.status === 600) {
      place.in("directResponse", "status").find("M033", `600 ${refused}`, "write a status from 200 to 599");
    }
    if (route.fault?.abort?.httpStatus === 600) {
      place.in("fault", "abort", "httpStatus").find("M033", `600 ${refused}`, "write a status from 200 to 599");
    }
  }
}
