import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { type Answered, Caller } from "./caller.ts";
import { withChanges } from "./change.ts";
import { addedSince, type FlagCounts } from "./envoy-flags.ts";
import { type BehaviourCase, type Change, durationMs, type Outcome, type Step } from "./format.ts";
import { breakerMismatches, hasFewer, outcomeMismatches } from "./outcome.ts";
import { sendCalls } from "./send-calls.ts";
import { type Stage, startStage } from "./stage.ts";
import { buildWorld, type NamedWorkload } from "./world.ts";

export interface Context {
  /** Policies and workloads. */
  objects: readonly KubeObject[];
  /** The suite's changes; the test's own come after. */
  change: readonly Change[];
}

/** Runs one test on an Envoy of its own, so that no test inherits another's ejections. Returns what was not as expected. */
export async function runBehaviour(test: BehaviourCase, context: Context): Promise<string[]> {
  const objects = withChanges(context.objects, [...context.change, ...(test.change ?? [])]);
  const world = buildWorld(objects, namedIn(test));
  const stage = await startStage(world, test);
  const caller = new Caller(stage.addressOf(test.from));
  try {
    for (const [index, step] of test.steps.entries()) {
      const failures = await runStep(step, { test, stage, caller });
      if (failures.length > 0) return failures.map((failure) => `step ${index + 1}: ${failure}`);
    }
    return [];
  } finally {
    caller.close();
    await stage.close();
  }
}

function namedIn({ from, workloads }: BehaviourCase): NamedWorkload[] {
  const scripted = Object.entries(workloads).map(([id, { labels, serviceAccount }]) => ({
    id,
    called: true,
    ...(labels ? { labels } : {}),
    ...(serviceAccount ? { serviceAccount } : {}),
  }));
  return scripted.some(({ id }) => id === from) ? scripted : [...scripted, { id: from, called: false }];
}

interface Running {
  test: BehaviourCase;
  stage: Stage;
  caller: Caller;
}

async function runStep(step: Step, running: Running): Promise<string[]> {
  const { stage, caller } = running;
  for (const [id, script] of Object.entries(step.script ?? {})) {
    if (!stage.scripted.has(id)) return [`script: ${id} is not one of the test's workloads`];
    await stage.play(id, script);
  }
  if (step.wait) await sleep(durationMs(step.wait));
  for (const workload of stage.scripted.values()) workload.forget();
  const before = step.expect?.flags ? await stage.flags(running.test.from) : new Map<string, number>();
  const calls = step.call ? await sendCalls(caller, step.call) : [];
  return step.expect ? await compare(step.expect, { calls, before }, running) : [];
}

interface Observed {
  calls: Answered[];
  /** Flags before the calls. */
  before: FlagCounts;
}

async function compare(expected: Outcome, { calls, before }: Observed, { test, stage }: Running): Promise<string[]> {
  const unknown = Object.keys(expected.attempts ?? {}).filter((name) => stage.attempts(name) === undefined);
  if (unknown.length > 0) return unknown.map((name) => `attempts: there is no workload or replica ${name}`);
  return [
    ...(await compareCalls(expected, { calls, before }, { test, stage })),
    ...(await compareBreakers(expected, { test, stage })),
  ];
}

/** How long what was sent may take to arrive, and what has ended to be counted: a slow machine's time, and no part of any test. */
const lateMs = 10_000;

/**
 * A caller's proxy may give a request up before the callee has read it, and Envoy counts a request when its stream is closed: both can be
 * a moment after the caller has its answer. So what is not enough yet is counted again.
 */
async function compareCalls(
  expected: Outcome,
  { calls, before }: Observed,
  { test, stage }: Pick<Running, "test" | "stage">,
): Promise<string[]> {
  const giveUpAt = performance.now() + lateMs;
  for (;;) {
    const flags = expected.flags ? addedSince(before, await stage.flags(test.from)) : new Map<string, number>();
    const facts = { calls, flags, attempts: (name: string) => stage.attempts(name) ?? 0 };
    const counted = [...flags.values()].reduce((sum, count) => sum + count, 0);
    const isAll = !hasFewer(expected, facts) && (!expected.flags || counted >= calls.length);
    if (isAll || performance.now() > giveUpAt) return outcomeMismatches(expected, facts);
    await sleep(20);
  }
}

/** Breakers change on Envoy's clock, so they are asked again until they are as expected or the time is over. */
async function compareBreakers(expected: Outcome, { test, stage }: Pick<Running, "test" | "stage">): Promise<string[]> {
  if (!expected.breaker) return [];
  const giveUpAt = performance.now() + (expected.within ? durationMs(expected.within) : 0);
  for (;;) {
    const found: string[] = [];
    for (const [id, wanted] of Object.entries(expected.breaker)) {
      const by = typeof wanted === "object" ? (wanted.by ?? test.from) : test.from;
      found.push(...breakerMismatches(id, wanted, await stage.breaker(by, id)));
    }
    if (found.length === 0 || performance.now() >= giveUpAt) return found;
    await sleep(50);
  }
}
