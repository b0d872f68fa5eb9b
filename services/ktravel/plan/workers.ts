import type { Worker } from "#mesh/service/recovery.ts";
import { WakeUp } from "#mesh/service/wake-up.ts";
import type { SagaParts } from "./recommending.ts";
import { finishRecommendations, generatePlans } from "./recovery.ts";

export interface WorkersOptions {
  /** How many plans this process makes at a time. */
  readonly count: number;
  /** How long a recommendation belongs to the worker that took it, in milliseconds. */
  readonly leaseMs: number;
}

/** The workers of the saga, and its parts with a bell for those that generate. */
export function openWorkers(
  rest: Omit<SagaParts, "wakeGenerators">,
  { count, leaseMs }: WorkersOptions,
): { readonly parts: SagaParts; readonly workers: readonly Worker[] } {
  const bells = Array.from({ length: count }, () => new WakeUp());
  const wakeGenerators = () => {
    for (const bell of bells) bell.ring();
  };
  const parts = { ...rest, wakeGenerators };
  const generators = bells.map((bell) => generatePlans(parts, { bell, leaseMs }));
  return { parts, workers: [...generators, finishRecommendations(parts)] };
}
