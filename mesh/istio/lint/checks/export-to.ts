import type { Place } from "../place.ts";
import { isDnsLabel } from "./names.ts";

interface Rules {
  /** ServiceEntries may be exported to nobody, `~`. */
  allowNone?: boolean;
  /** DestinationRules with a selector stay in their namespace. */
  ownNamespaceOnly?: boolean;
}

export function checkExportTo(exportTo: string[] | undefined, place: Place, rules: Rules = {}): void {
  if (!exportTo || exportTo.length === 0) return;
  const { namespace } = place.object.metadata;
  const seen = new Set<string>();
  exportTo.forEach((entry, index) => {
    const key = entry === "." ? namespace : entry;
    if (seen.has(key)) place.in(index).refuse(`"${entry}" stands here twice`, "remove one of them");
    else if (checkEntry(entry, rules, place.in(index))) seen.add(key);
  });
  if (rules.ownNamespaceOnly) checkOwnNamespace(seen, namespace, place);
  if (seen.has("*") && exportTo.length > 1) {
    place.refuse("* is everybody, so no other entry can stand beside it", 'write ["*"], or the namespaces without *');
  }
  if (seen.has("~") && exportTo.length > 1) {
    place.refuse("~ is nobody, so no other entry can stand beside it", 'write ["~"], or the entries without ~');
  }
}

function checkEntry(entry: string, rules: Rules, place: Place): boolean {
  if (entry === "." || entry === "*" || (entry === "~" && rules.allowNone) || isDnsLabel(entry)) return true;
  place.refuse(`"${entry}" is no namespace`, 'write ".", "*" or the name of a namespace');
  return false;
}

function checkOwnNamespace(seen: Set<string>, namespace: string, place: Place): void {
  if (seen.size === 0 || (seen.size === 1 && seen.has(namespace))) return;
  place.refuse("a DestinationRule with a workloadSelector holds in its own namespace only", 'write exportTo: ["."]');
}
