import { textAt } from "../field.ts";
import type { ConfigPatch } from "../kinds/envoy-filter/schema.ts";
import type { Place } from "../place.ts";
import type { World } from "../world.ts";

const ignoring = new Set<string | undefined>(["ROUTE_CONFIGURATION", "HTTP_ROUTE"]);
const replaceable = new Set<string | undefined>(["HTTP_FILTER", "NETWORK_FILTER", "VIRTUAL_HOST"]);

/** Patches that depend on their order (IST0151, IST0155), or on an operation that does nothing (IST0152 to IST0154). */
export function analyzeEnvoyFilters(world: World): void {
  const versioned = new Set<string>();
  for (const { spec, place } of world.resources.EnvoyFilter) {
    for (const [index, patch] of (spec.configPatches ?? []).entries()) {
      if (!patch.patch) break;
      const at = place.in("configPatches", index);
      if (isRelative(patch, at) && !spec.priority) warnOrder(versioned.has(nameOf(patch)), at);
      if (patch.match?.proxy?.proxyVersion) versioned.add(nameOf(patch));
    }
  }
}

/** Reports operations that do nothing; returns whether the patch refers to what other patches may add. */
function isRelative({ applyTo, patch }: ConfigPatch, place: Place): boolean {
  const at = place.in("patch", "operation");
  const what = applyTo ?? "";
  switch (patch?.operation) {
    case "ADD":
      if (ignoring.has(applyTo))
        at.find("IST0153", `ADD does nothing for ${what}`, "write MERGE, or applyTo: VIRTUAL_HOST");
      return false;
    case "REMOVE":
      if (!ignoring.has(applyTo)) return true;
      at.find("IST0154", `REMOVE does nothing for ${what}`, "remove the route in the VirtualService");
      return false;
    case "REPLACE":
      if (replaceable.has(applyTo)) return true;
      at.find(
        "IST0152",
        `REPLACE does nothing for ${what}`,
        "write MERGE, or applyTo: HTTP_FILTER, NETWORK_FILTER or VIRTUAL_HOST",
      );
      return false;
    default:
      return patch?.operation === "INSERT_BEFORE" || patch?.operation === "INSERT_AFTER";
  }
}

function warnOrder(versioned: boolean, place: Place): void {
  if (versioned) {
    const message =
      "an earlier patch of this filter holds for some proxy versions only, so this one sometimes finds nothing";
    return place.find("IST0155", message, "write priority, so that the order is fixed");
  }
  const message =
    "the patch refers to a filter that another EnvoyFilter may add or remove: without priority it may not be applied";
  place.find("IST0151", message, "write priority in the spec, or operation INSERT_FIRST or ADD");
}

function nameOf({ patch, match }: ConfigPatch): string {
  return textAt(patch?.value, "name") ?? match?.listener?.filterChain?.filter?.name ?? "";
}
