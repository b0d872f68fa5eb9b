import type { Place } from "../place.ts";
import { fqdnProblem } from "./hosts.ts";
import { isDnsLabel } from "./names.ts";

/**
 * `gateways` of a VirtualService: `mesh`, a name, or namespace/name. Istiod stops at the first one without a namespace, and
 * keeps its warnings to itself in most matches.
 */
export function checkGatewayNames(names: string[] | undefined, place: Place, { warns = true } = {}): void {
  for (const [index, name] of (names ?? []).entries()) {
    const at = place.in(index);
    const slash = name.indexOf("/");
    if (slash < 0) return checkBareName(name, warns, at);
    const namespace = name.slice(0, slash);
    const gateway = name.slice(slash + 1);
    const hint = "write namespace/name, or the name alone";
    if (namespace === "" || gateway === "") at.refuse("namespace and name of a gateway must not be empty", hint);
    if (!isDnsLabel(namespace)) at.refuse(`"${namespace}" is no namespace`, hint);
    if (!isDnsLabel(gateway)) at.refuse(`"${gateway}" is no name of a gateway`, hint);
  }
}

function checkBareName(name: string, warns: boolean, place: Place): void {
  if (warns && name.includes(".")) {
    const [gateway = "", namespace = ""] = name.split(".");
    place.warn(`"${name}" is the old way to name a gateway`, `write ${namespace}/${gateway}`);
  }
  const problem = fqdnProblem(name);
  if (problem) place.refuse(problem, "write namespace/name of a Gateway");
}
