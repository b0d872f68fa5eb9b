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

/** Callers without think time. An answer that never came (the gateway was killed) is left out. */
export function startLoad(callers: number, call: () => Promise<RestAnswer>): Load {
  const answers: Timed[] = [];
  let running = true;
  const caller = async () => {
    while (running) {
      await timed(call).then(
        (answer) => answers.push(answer),
        () => sleep(20),
      );
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
