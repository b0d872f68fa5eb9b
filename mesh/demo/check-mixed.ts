import type { RestAnswer } from "#mesh/local/rest.ts";
import { succeeded } from "./figures.ts";
import { reasonsOf } from "./reasons.ts";
import type { Stage } from "./stage.ts";

/** Notes whether a load saw both: answers, and refusals that say `reason`. For `until`, see `isMixed`. */
export function checkMixed(stage: Stage, answers: readonly RestAnswer[], reason: string): void {
  const refused = answers.filter((answer) => !succeeded(answer));
  stage.check("some are refused", refused.length > 0, `${refused.length}`);
  stage.check("and some are not", refused.length < answers.length, `${answers.length - refused.length}`);
  checkReason(stage, refused, reason);
}

/** Whether there are both, answers and refusals with 503. */
export function isMixed(answers: readonly RestAnswer[]): boolean {
  return answers.some(succeeded) && answers.some(({ status }) => status === 503);
}

/**
 * Notes whether refusals say `reason`, and that none of them is a business refusal, which better preparation would have avoided. A
 * machine that is loaded beyond its strength may refuse for other reasons of its own; they are shown.
 */
export function checkReason(stage: Stage, refused: readonly RestAnswer[], reason: string): void {
  const reasons = reasonsOf(refused);
  stage.check(`refusals say ${reason}`, reasons.includes(reason), reasons.join(", "));
  const business = refused.filter(({ status }) => status >= 400 && status < 500);
  stage.check("none of them is a business refusal", business.length === 0, reasonsOf(business).join(", "));
}
