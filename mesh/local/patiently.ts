import { setTimeout as sleep } from "node:timers/promises";

/** By REST or by gRPC. */
type Answered = { readonly status: number } | { readonly code: number };

const unavailable = 14; // gRPC's UNAVAILABLE, which is 503 by REST
const pauseMs = 200;

/**
 * Repeats a call while it is answered "unavailable": on a busy machine an answer may take longer than its caller waits, and then it is told
 * to come again. Returns the first other answer, or the last one when the time is over. What the repeat of a write may find done needs a
 * request_id.
 *
 * @param withinMs how long to repeat. Default: 60 s
 */
export async function patiently<Answer extends Answered>(
  call: () => Promise<Answer>,
  { withinMs = 60_000 } = {},
): Promise<Answer> {
  for (const giveUpAt = Date.now() + withinMs; ; await sleep(pauseMs)) {
    const answer = await call();
    if (!isUnavailable(answer) || Date.now() > giveUpAt) return answer;
  }
}

function isUnavailable(answer: Answered): boolean {
  return "status" in answer ? answer.status === 503 : answer.code === unavailable;
}
