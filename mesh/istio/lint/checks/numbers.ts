import type { Place } from "../place.ts";

export function checkPort(port: number, place: Place): void {
  if (port < 1 || port > 65_535) {
    place.refuse(`the port ${port} is not in 1..65535`, "write the number of a port, from 1 to 65535");
  }
}

export function checkNotNegative(value: number | undefined, place: Place): void {
  if (value !== undefined && value < 0) place.refuse(`${value} is negative`, "write 0 or more, or leave the field out");
}

/** A whole percentage from 0 to 100. */
export function checkPercent(value: number | undefined, place: Place): void {
  if (value !== undefined && (value < 0 || value > 100)) {
    place.refuse(`the percentage ${value} is not in 0..100`, "write a number from 0 to 100");
  }
}

/** A fraction of requests: 0, or from 0.0001 to 100. */
export function checkFraction(value: number | undefined, place: Place): void {
  if (value === undefined) return;
  if (value < 0 || value > 100 || (value > 0 && value < 0.0001)) {
    place.refuse(`the percentage ${value} is neither 0 nor in 0.0001..100`, "write 0, or a number from 0.0001 to 100");
  }
}
