import { regexProblem } from "../../checks/regexes.ts";
import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import { validateListenerMatch } from "./listener-match.ts";
import { validatePatchValue } from "./patch-value.ts";
import type { ConfigPatch, EnvoyFilter } from "./schema.ts";

/** What istiod's webhook says of an EnvoyFilter. */
export function validate(spec: EnvoyFilter, place: Place): void {
  const hint = "use another kind where one can do it, and test this one with each upgrade of Istio";
  place.warn("an EnvoyFilter depends on the inside of Istio, which changes between releases", hint);
  if (spec.workloadSelector) checkSelector(spec.workloadSelector.labels ?? {}, place.in("workloadSelector"));
  spec.configPatches?.forEach((patch, index) => {
    validateConfigPatch(patch, place.in("configPatches", index));
  });
}

function validateConfigPatch(patch: ConfigPatch, place: Place): void {
  if (patch.match?.context === "WAYPOINT") return checkWaypoint(patch.match, place.in("match"));
  const incomplete = missing(patch);
  if (incomplete) return place.in(...incomplete.at).refuse(incomplete.reason, incomplete.hint);
  const version = patch.match?.proxy?.proxyVersion;
  const problem = version ? regexProblem(version) : undefined;
  if (problem)
    return place.in("match", "proxy", "proxyVersion").refuse(`no regular expression: ${problem}`, "write RE2");
  if (!validateMatchClass(patch, place.in("match"))) return;
  if (patch.match?.listener && listenerClass.has(patch.applyTo)) {
    if (!validateListenerMatch(patch, patch.match.listener, place.in("match", "listener"))) return;
  }
  validatePatchValue(patch, place.in("patch", "value"));
}

/** istiod looks no further at patches for waypoints; the CustomResourceDefinition does. */
function checkWaypoint(match: NonNullable<ConfigPatch["match"]>, place: Place): void {
  const refused = "Kubernetes refuses the object:";
  const other = (["listener", "routeConfiguration", "cluster"] as const).find((field) => match[field]);
  if (other) place.in(other).find("M014", `${refused} a waypoint is not found by a ${other}`, "write match.waypoint");
  const port = match.waypoint?.portNumber ?? 1;
  if (port >= 1 && port <= 65_535) return;
  const at = place.in("waypoint", "portNumber");
  at.find("M014", `${refused} ${port} is not a port`, "write a number from 1 to 65535");
}

interface Missing {
  at: string[];
  reason: string;
  hint: string;
}

function missing({ applyTo, patch }: ConfigPatch): Missing | undefined {
  if (!applyTo || applyTo === "INVALID") {
    return { at: [], reason: "the patch does not say what it applies to", hint: "write applyTo, such as HTTP_FILTER" };
  }
  if (!patch) return { at: [], reason: "the patch is missing", hint: "write `patch: {operation, value}`" };
  if (!patch.operation || patch.operation === "INVALID") {
    return {
      at: ["patch"],
      reason: "the patch has no operation",
      hint: "write operation, such as INSERT_BEFORE or MERGE",
    };
  }
  if (patch.operation !== "REMOVE" && !patch.value) {
    return { at: ["patch"], reason: `${patch.operation} needs a value`, hint: "write `value:`" };
  }
  return undefined;
}

const listenerClass = new Set<string | undefined>(["LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"]);
const routeClass = new Set<string | undefined>(["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"]);
const matchFields = ["listener", "routeConfiguration", "cluster", "waypoint"] as const;

/** Returns false where istiod looks no further. */
function validateMatchClass({ applyTo, match }: ConfigPatch, place: Place): boolean {
  const written = matchFields.find((field) => match?.[field]);
  const wanted = listenerClass.has(applyTo)
    ? "listener"
    : routeClass.has(applyTo)
      ? "routeConfiguration"
      : applyTo === "CLUSTER"
        ? "cluster"
        : undefined;
  if (!wanted || !written || match?.[wanted]) return true;
  place.in(written).refuse(`${applyTo} is not found by a ${written}`, `write match: {${wanted}: ...}`);
  return wanted !== "listener";
}
