import type { Place } from "../../place.ts";
import { validateAddressedEndpoint } from "../service-entry/endpoints.ts";
import type { WorkloadEntry } from "./schema.ts";

/** What istiod's webhook says of a WorkloadEntry. */
export function validate(spec: WorkloadEntry, place: Place): void {
  validateAddressedEndpoint(spec, place, { names: true });
}
