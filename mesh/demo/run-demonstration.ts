import { eventually } from "#mesh/testing/eventually.ts";
import type { DemonstratedSystem, Demonstration } from "./demonstration.ts";
import { type Check, type LoadReport, NotReached, Stage, type StageOptions } from "./stage.ts";

/** What `mesh demo --json` prints. */
export interface DemonstrationReport {
  /** `tword/T-4` */
  readonly id: string;
  readonly name: string;
  readonly shows: string;
  readonly document: string;
  readonly loads: readonly LoadReport[];
  readonly checks: readonly Check[];
  /** Names of the invariants, and what is wrong with them. */
  readonly invariants: string;
  readonly violations: readonly string[];
  /** Why it could not go to its end, and what could not be undone. */
  readonly problems: readonly string[];
  /** Everything was seen, no invariant is broken, everything was undone. */
  readonly ok: boolean;
}

/** Runs a demonstration, undoes what it changed, and then looks at the invariants. Never throws. */
export async function runDemonstration(
  demonstration: Demonstration,
  of: DemonstratedSystem,
  options: StageOptions,
): Promise<DemonstrationReport> {
  const stage = new Stage(options);
  const problems: string[] = [];
  const note = (error: unknown) => {
    if (!(error instanceof NotReached)) problems.push(error instanceof Error ? error.message : String(error));
  };
  let violations: readonly string[] = [];
  try {
    await unlessAborted(demonstration.run(stage), options.signal).catch(note);
    problems.push(...(await stage.restore()));
    if (!options.signal.aborted) {
      options.say(`looks at ${of.invariants}`);
      violations = await unlessAborted(untilNone(of, stage), options.signal);
    }
  } catch (error) {
    note(error);
  } finally {
    await stage.close();
  }
  const { id, name, shows, document } = demonstration;
  const { checks, loads } = stage;
  const seen = checks.length > 0 && checks.every(({ reached }) => reached);
  const ok = seen && violations.length === 0 && problems.length === 0;
  const ofSystem = { id: `${options.system}/${id}`, name, shows, document, invariants: of.invariants };
  return { ...ofSystem, loads, checks, violations, problems, ok };
}

/** Things are quiet a moment after a load, not at once: an event that failed before comes again after up to a minute. */
async function untilNone(of: DemonstratedSystem, stage: Stage): Promise<readonly string[]> {
  let last: readonly string[] = ["the invariants could not be looked at"];
  let reason: unknown;
  const look = async () => {
    try {
      last = await of.violations(stage);
    } catch (error) {
      reason = error;
      throw error;
    }
    return last.length === 0;
  };
  await eventually(look, { withinMs: 120_000, everyMs: 500 }).catch(() => {});
  return last.length > 0 && reason instanceof Error ? [...last, reason.message] : last;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  return Promise.race([work, aborted]);
}
