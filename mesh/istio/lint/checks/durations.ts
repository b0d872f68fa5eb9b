import type { Place } from "../place.ts";
import { formatDuration, millisecond } from "../schema/duration.ts";

/** Nearly every duration in Istio is at least a millisecond, and whole milliseconds. */
export function checkDuration(nanos: number | undefined, place: Place, remedy?: string): void {
  if (nanos === undefined) return;
  if (nanos < millisecond) {
    place.refuse("a duration must be at least 1ms", remedy ?? "write 1ms or more, or leave the field out");
  } else if (nanos % millisecond !== 0) {
    const rounded = formatDuration(Math.max(millisecond, Math.round(nanos / millisecond) * millisecond));
    place.refuse("a duration has no fractions of a millisecond", `write ${rounded}`);
  }
}
