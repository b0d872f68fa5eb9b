import type { Contracts } from "../contracts.ts";
import type { HttpMatch } from "../kinds/virtual-service/schema.ts";
import type { Place } from "../place.ts";
import { isMethodPath } from "../routes.ts";
import { suggest } from "../schema/suggest.ts";
import type { Context } from "./context.ts";

/** Matches on methods that do not exist (M008), that reach too far (M019), never happen (M034) or are not looked at (M035). */
export function checkMatches({ routes, world }: Context): void {
  for (const { route, place } of routes) {
    route.match?.forEach((match, index) => {
      const at = place.in("match", index);
      checkUri(match, at.in("uri"), world.contracts);
      checkMethod(match, at);
      checkSource(match, at);
    });
  }
}

function checkUri({ uri }: HttpMatch, place: Place, contracts: Contracts): void {
  for (const kind of ["exact", "prefix"] as const) {
    const path = uri?.[kind];
    if (!path) continue;
    const at = place.in(kind);
    if (!path.startsWith("/")) {
      at.find("M034", `every path starts with a slash, so "${path}" never matches`, `write /${path}`);
    } else if (isMethodPath(path)) checkMethodPath(path, kind, { place: at, contracts });
  }
}

function checkMethodPath(
  path: string,
  kind: "exact" | "prefix",
  { place, contracts }: { place: Place; contracts: Contracts },
) {
  if (kind === "prefix" && !path.slice(1).includes("/")) {
    const message = `"${path}" is compared letter by letter, so it also matches ${path}Admin/...`;
    place.find("M019", message, `write ${path}/`);
  }
  const problem = unknownPath(path, kind, contracts);
  if (problem) place.find("M008", `no contract has ${path}, so the rule never applies`, problem);
}

/** A hint for a path that no method of the contracts has; undefined when one has it, or when the package is of somebody else. */
export function unknownPath(path: string, kind: "exact" | "prefix", contracts: Contracts): string | undefined {
  if (!contracts.known || contracts.methods.has(path)) return undefined;
  const paths = [...contracts.methods.keys()];
  if (kind === "prefix" && paths.some((known) => known.startsWith(path))) return undefined;
  const service = path.slice(0, path.indexOf("/", 1) + 1);
  const candidates = contracts.services().has(service) ? paths.filter((known) => known.startsWith(service)) : paths;
  const known = kind === "exact" ? candidates : [...candidates, ...contracts.services()];
  const meant = suggest(path, known);
  if (!meant && !contracts.hasRoot(path)) return undefined;
  return meant ? `did you mean ${meant}?` : "write /package.Service/Method as in the .proto file";
}

function checkMethod({ uri, method }: HttpMatch, place: Place): void {
  const path = uri?.exact ?? uri?.prefix ?? "";
  const verb = method?.exact;
  if (verb === undefined) return;
  if (verb !== verb.toUpperCase()) {
    place
      .in("method", "exact")
      .find("M034", `methods are in upper case, so "${verb}" never matches`, `write ${verb.toUpperCase()}`);
  } else if (isMethodPath(path) && verb !== "POST") {
    place
      .in("method", "exact")
      .find("M034", `gRPC always uses POST, so ${verb} never matches ${path}`, "remove method");
  }
}

function checkSource({ gateways, sourceLabels, sourceNamespace }: HttpMatch, place: Place): void {
  if (!gateways?.length) return;
  for (const [field, value] of [
    ["sourceLabels", sourceLabels],
    ["sourceNamespace", sourceNamespace],
  ] as const) {
    if (!value) continue;
    const message = `a match that names gateways does not look at ${field}: it holds for every caller`;
    place.in(field).find("M035", message, "remove gateways here, and write them in spec.gateways");
  }
}
