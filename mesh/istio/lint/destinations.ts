import type { Destination, VirtualService } from "./kinds/virtual-service/schema.ts";
import type { Place } from "./place.ts";
import type { Resource } from "./resources.ts";

/** A destination of a VirtualService, with its place. */
export interface PlacedDestination {
  destination: Destination;
  place: Place;
  mirror: boolean;
}

/** Every destination that a VirtualService sends requests to, mirrors included. */
export function destinationsOf({ spec, place }: Resource<VirtualService>): PlacedDestination[] {
  const found: PlacedDestination[] = [];
  for (const field of ["tcp", "tls", "http"] as const) {
    spec[field]?.forEach(({ route }, index) => {
      route?.forEach(({ destination }, at) => {
        if (destination) {
          found.push({ destination, place: place.in(field, index, "route", at, "destination"), mirror: false });
        }
      });
    });
  }
  spec.http?.forEach(({ mirror, mirrors }, index) => {
    if (mirror) found.push({ destination: mirror, place: place.in("http", index, "mirror"), mirror: true });
    mirrors?.forEach(({ destination }, at) => {
      if (destination) {
        found.push({ destination, place: place.in("http", index, "mirrors", at, "destination"), mirror: true });
      }
    });
  });
  return found;
}
