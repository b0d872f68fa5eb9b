import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { RestAnswer } from "#mesh/local/rest.ts";
import { startLoad, type Timed } from "#mesh/testing/load.ts";
import { type Figures, figuresOf } from "./figures.ts";

export interface Siege {
  /** Callers at once. */
  readonly concurrency: number;
  readonly seconds: number;
  /** Each caller waits up to so long, evenly spread, before its next call (siege's `--delay`). Default: 0 */
  readonly pauseMs?: number;
  /** One call; undefined when there is nothing left to ask, which ends the load. */
  readonly call: () => Promise<RestAnswer> | undefined;
  /** The load goes on until this holds too, but at most a minute longer. */
  readonly until?: (answers: readonly Timed[]) => boolean;
  /** Starts with the load, which lasts until this has ended. */
  readonly meanwhile?: () => Promise<void>;
}

export interface SiegeResult {
  readonly figures: Figures;
  readonly answers: readonly Timed[];
}

const overtimeS = 60;
const lookEveryMs = 20;
const unanswered: RestAnswer = { status: 0, body: "no answer", headers: {}, bytes: 0 };

/** Callers without think time, for some seconds. @throws the signal's reason when it is aborted; what is on its way is waited for */
export async function siege(
  { concurrency, seconds, pauseMs = 0, call, until = () => true, meanwhile }: Siege,
  signal: AbortSignal,
): Promise<SiegeResult> {
  let drained = false;
  const ask = async () => call(); // What it throws at once is a rejection too.
  const startedAt = performance.now();
  const load = startLoad(
    concurrency,
    async () => {
      const answer = drained ? undefined : await ask().catch(() => noAnswer());
      if (answer) return answer;
      drained = true;
      throw new Error("nothing left to ask"); // Such a call is left out.
    },
    pauseMs,
  );
  const side = startSide(meanwhile);
  const elapsedS = () => (performance.now() - startedAt) / 1000;
  const enough = () => drained || (elapsedS() >= seconds && (until(load.answers) || elapsedS() >= seconds + overtimeS));
  while (!signal.aborted && !side.failed && !(side.ended && enough())) await sleep(lookEveryMs);
  const answers = await load.stop();
  signal.throwIfAborted();
  await side.end;
  return { figures: figuresOf(answers, elapsedS()), answers };
}

/** Lets others have a turn first: a call that fails at once would leave the load no time to end. */
async function noAnswer(): Promise<RestAnswer> {
  await nextTurn();
  return unanswered;
}

function startSide(work: (() => Promise<void>) | undefined) {
  const side = { ended: false, failed: false, end: Promise.resolve() };
  side.end = (work?.() ?? Promise.resolve()).then(
    () => {
      side.ended = true;
    },
    (error: unknown) => {
      side.failed = true;
      throw error;
    },
  );
  side.end.catch(() => {}); // It is awaited after the load has ended.
  return side;
}
