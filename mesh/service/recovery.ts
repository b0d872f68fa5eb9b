import type { Context } from "./call.ts";
import type { Logger } from "./log.ts";
import { isStorageDown } from "./storage-failure.ts";
import type { Telemetry } from "./telemetry.ts";
import { WakeUp } from "./wake-up.ts";
import { WorkContext } from "./work-context.ts";

/** The context of a worker's step. */
export interface RecoveryContext extends Context {
  /** Rows that have not changed since then are left-overs. */
  readonly olderThan: Date;
}

/** A worker that finishes what a crash or a silent callee left half-done. */
export interface Worker {
  readonly name: string;
  readonly everyMs: number;
  readonly olderThanMs: number;
  /** Rung: the next round begins at once. */
  readonly bell: WakeUp;
  step(context: RecoveryContext): Promise<boolean>;
  unfinished?(): Promise<Readonly<Record<string, number>>>;
}

export interface RecoveryOptions {
  /** Default: 2 s. */
  readonly everyMs?: number;
  /** How old a row must be: younger ones are still being worked on. Default: 5 s. */
  readonly olderThanMs?: number;
  /** Rung by whoever has work for this worker now; one worker a bell. Default: none, it looks every `everyMs`. */
  readonly bell?: WakeUp;
  /** How many sagas are between two steps, by state; sent as a metric. Default: not known. */
  unfinished?(): Promise<Readonly<Record<string, number>>>;
}

/**
 * A recovery worker, for `serve`. Every replica runs it, so its step must claim a row (`FOR UPDATE SKIP LOCKED`) and touch its update time, in one
 * transaction, before it works on it.
 *
 * @param step handles one row; true: there may be more, false: nothing to do. A throw is logged, and tried again at the next round.
 */
export function recovery(
  name: string,
  step: (context: RecoveryContext) => Promise<boolean>,
  { everyMs = 2_000, olderThanMs = 5_000, bell = new WakeUp(), ...rest }: RecoveryOptions = {},
): Worker {
  return { name, everyMs, olderThanMs, bell, step, ...rest };
}

export interface WorkerOptions {
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** Runs a worker. @returns a function that ends it after its current step */
export function startWorker(worker: Worker, options: WorkerOptions): () => Promise<void> {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      await round(worker, options, stop.signal);
      if (!stop.signal.aborted) await worker.bell.wait(worker.everyMs);
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    worker.bell.ring();
    await running;
  };
}

async function round(worker: Worker, options: WorkerOptions, stop: AbortSignal): Promise<void> {
  let more = true;
  while (more && !stop.aborted) {
    // A step is finished, not cut off: its signal is not the one that ends the rounds.
    const context = new WorkContext(worker.name, { ...options, signal: new AbortController().signal });
    const olderThan = new Date(Date.now() - worker.olderThanMs);
    try {
      more = await worker.step(Object.assign(context, { olderThan }));
      context.span.end();
    } catch (error) {
      more = false;
      context.span.end("failed");
      const level = isStorageDown(error) ? "warn" : "error";
      options.log[level]({ worker: worker.name, ...context.ids(), err: error }, "worker failed");
    }
  }
}
