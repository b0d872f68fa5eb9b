import type { Place } from "../place.ts";
import type { destination } from "../schema/destination.ts";
import type { Infer } from "../schema/types.ts";
import { checkWildcardHost } from "./hosts.ts";
import { isDnsLabel } from "./names.ts";
import { checkPort } from "./numbers.ts";

type Destination = Infer<typeof destination>;

export function checkDestination(to: Destination | undefined, place: Place): void {
  if (!to) return;
  const { host = "" } = to;
  if (host === "*") place.in("host").refuse("* is no destination", "write the host of one service");
  else checkWildcardHost(host, place.in("host"));
  if (to.subset) checkSubsetName(to.subset, place.in("subset"));
  if (to.port) checkPort(to.port.number ?? 0, place.in("port", "number"));
}

export function checkSubsetName(name: string, place: Place): void {
  if (name === "") place.refuse("a subset has no name", "write `name:`");
  else if (!isDnsLabel(name)) place.refuse(`"${name}" is no name of a subset`, "write letters, digits and dashes");
}

interface Weighted {
  destination?: Destination;
  weight?: number;
}

/** The destinations of one route, among which requests are divided by weight. */
export function checkDestinations(routes: readonly Weighted[], place: Place): void {
  let total = 0;
  routes.forEach(({ destination, weight = 0 }, index) => {
    const at = place.in(index);
    if (!destination) at.refuse("a destination is required", "write `destination: {host: ...}`");
    checkDestination(destination, at.in("destination"));
    if (weight < 0) at.in("weight").refuse(`the weight ${weight} is negative`, "write 0 or more");
    total += weight;
  });
  if (routes.length > 1 && total === 0) {
    place.refuse("the weights add up to 0, so no destination gets a request", "write weights that add up to 100");
  }
}
