import type { RestAnswer } from "#mesh/local/rest.ts";
import { succeeded } from "./figures.ts";
import { reasonOf } from "./reasons.ts";

/**
 * The calls of a load that did not come through, while processes came and went. One whose service answers that its database has no
 * connection left (STORAGE_UNAVAILABLE) did come through: that is for the machine's disk to answer for, not for a rollout.
 */
export function lost<Answer extends RestAnswer>(answers: readonly Answer[]): Answer[] {
  return answers.filter((answer) => !succeeded(answer) && reasonOf(answer) !== "STORAGE_UNAVAILABLE");
}

/** How many were lost, of how many, and why: `2 of 300: status 503`. */
export function lossOf(answers: readonly RestAnswer[]): string {
  const gone = lost(answers);
  const reasons = [...new Set(gone.map(reasonOf))].join(", ");
  return `${gone.length} of ${answers.length}${reasons ? `: ${reasons}` : ""}`;
}
