import type { Place } from "../../place.ts";
import type { ConfigPatch, ListenerMatch } from "./schema.ts";

const connectionManager = "envoy.filters.network.http_connection_manager";

/** Returns false where istiod looks no further. */
export function validateListenerMatch({ applyTo }: ConfigPatch, match: ListenerMatch, place: Place): boolean {
  const filter = match.filterChain?.filter;
  if (!filter) return true;
  const at = place.in("filterChain", "filter");
  if (applyTo === "LISTENER" || applyTo === "FILTER_CHAIN") {
    at.warn(`a filter is not looked at for ${applyTo}`, "remove it, or write applyTo: NETWORK_FILTER");
  }
  const problem = filterProblem(applyTo, filter);
  if (problem) at.refuse(problem.reason, problem.hint);
  return problem === undefined;
}

type Filter = NonNullable<NonNullable<ListenerMatch["filterChain"]>["filter"]>;

function filterProblem(applyTo: ConfigPatch["applyTo"], filter: Filter): { reason: string; hint: string } | undefined {
  if (!filter.name) return { reason: "the filter has no name", hint: `write \`name: ${connectionManager}\`` };
  const { subFilter } = filter;
  if (!subFilter) return undefined;
  if (applyTo !== "HTTP_FILTER") {
    return { reason: "only HTTP_FILTER has a subFilter", hint: "remove subFilter, or write applyTo: HTTP_FILTER" };
  }
  if (filter.name !== connectionManager && filter.name !== "envoy.http_connection_manager") {
    return { reason: `${filter.name} has no subFilter`, hint: `write \`name: ${connectionManager}\`` };
  }
  return subFilter.name ? undefined : { reason: "the subFilter has no name", hint: "write the HTTP filter's name" };
}
