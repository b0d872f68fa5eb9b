import { setTimeout as sleep } from "node:timers/promises";
import type { RestAnswer } from "#mesh/local/rest.ts";

/** An answer and how long it took. */
export interface Timed extends RestAnswer {
  readonly ms: number;
}

export async function timed(call: () => Promise<RestAnswer>): Promise<Timed> {
  const startedAt = performance.now();
  const answer = await call();
  return { ...answer, ms: performance.now() - startedAt };
}

export interface Load {
  /** What was answered so far. */
  readonly answers: readonly Timed[];
  /** Ends when the calls on their way have ended. */
  stop(): Promise<readonly Timed[]>;
}

/**
 * Callers that call again as soon as they are answered. An answer that never came (the gateway was killed) is left out.
 *
 * @param pauseMs each caller waits up to so long, evenly spread, before its next call
 */
export function startLoad(callers: number, call: () => Promise<RestAnswer>, pauseMs = 0): Load {
  const answers: Timed[] = [];
  let running = true;
  const caller = async () => {
    while (running) {
      await timed(call).then(
        (answer) => answers.push(answer),
        () => sleep(20),
      );
      if (pauseMs > 0 && running) await sleep(Math.random() * pauseMs);
    }
  };
  const callersDone = Promise.all(Array.from({ length: callers }, caller));
  return {
    answers,
    stop: async () => {
      running = false;
      await callersDone;
      return answers;
    },
  };
}
