import type { HttpMatch, HttpRoute, VirtualService } from "../kinds/virtual-service/schema.ts";
import { appliesToMesh } from "../kinds/virtual-service/validate.ts";
import type { Resource } from "../resources.ts";
import type { Context } from "./context.ts";

/** Services with requests that no rule matches (M017), and rules behind a catch-all (M018). */
export function checkCatchAlls({ world }: Context): void {
  for (const resource of world.resources.VirtualService) {
    const routes = resource.spec.http ?? [];
    const first = routes.findIndex(({ match }) => match?.some(isCatchAll));
    if (first >= 0) reportHidden(first, resource, routes);
    else checkEnd(resource, routes);
  }
}

function reportHidden(first: number, { place }: Resource<VirtualService>, routes: readonly HttpRoute[]): void {
  const matches = routes[first]?.match ?? [];
  const index = matches.findIndex(isCatchAll);
  if (first === routes.length - 1 && index === matches.length - 1) return;
  const count = routes.length - 1 - first;
  const what =
    count > 0 ? `the ${count === 1 ? "rule" : `${count} rules`} behind it get none` : "the matches behind it get none";
  const message = `this match takes every request, so ${what}`;
  place.in("http", first, "match", index).find("M018", message, "move it to the end");
}

function checkEnd({ spec, place }: Resource<VirtualService>, routes: readonly HttpRoute[]): void {
  if (routes.length === 0 || !spec.hosts?.length || !appliesToMesh(spec)) return;
  if (routes.some(({ match }) => !match?.length)) return;
  const message = "a request that none of the rules matches is answered with 404 (gRPC status 12)";
  place.in("http").find("M017", message, "end with a rule without match");
}

/** What istiod takes for a match on everything: the path / or .*, and nothing else that Envoy looks at. */
function isCatchAll(match: HttpMatch): boolean {
  const { uri, name: _name, statPrefix: _prefix, ignoreUriCase: _case, ...others } = match;
  if (Object.values(others).some((value) => value !== 0 && Object.keys(value as object).length > 0)) return false;
  if (typeof others.port === "number" && others.port > 0) return false;
  if (others.sourceNamespace) return false;
  return uri === undefined || Object.keys(uri).length === 0 || uri.prefix === "/" || uri.regex === ".*";
}
