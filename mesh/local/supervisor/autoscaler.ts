import type { Autoscaling, Metric, ScalingRules } from "../workloads/workload.ts";

/** What was measured of one replica that is ready; cpu in cores, memory in bytes. */
export type Measured = Readonly<Record<Metric["resource"], number>>;

export interface AutoscalerInput {
  readonly now: number;
  /** How many replicas are wanted at the moment. */
  readonly current: number;
  readonly measured: readonly Measured[];
  /** Replicas without a measurement: not ready, or only just. */
  readonly unmeasured: number;
  readonly requests: Readonly<Partial<Record<Metric["resource"], number>>>;
}

/** What the autoscaler remembers: recommendations for the stabilization windows, changes for the rates. */
export interface AutoscalerMemory {
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export const emptyMemory: AutoscalerMemory = { recommendations: [], changes: [] };

/** Within this distance of the target nothing changes (kube-controller-manager's default). */
const tolerance = 0.1;
const longestWindowMs = 3_600_000;

/**
 * One step of a HorizontalPodAutoscaler autoscaling/v2: replicas = ceil(current x measured / target), the largest over all metrics,
 * held by the stabilization windows, bounded by the policies and by minReplicas and maxReplicas
 * (kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale, "Algorithm details").
 */
export function autoscale(
  rules: Autoscaling,
  input: AutoscalerInput,
  memory: AutoscalerMemory,
): { replicas: number; memory: AutoscalerMemory } {
  const { now, current } = input;
  // Kubernetes leaves a workload alone that was scaled to 0.
  if (current === 0) return { replicas: 0, memory: emptyMemory };
  const wanted = recommend(rules.metrics, input);
  const recommendations = [...memory.recommendations, { at: now, replicas: wanted }].filter(
    ({ at }) => now - at <= longestWindowMs,
  );
  const stable = stabilize(rules, { now, current, recommendations });
  const bounded = bound(rules, { now, current, stable, changes: memory.changes });
  const replicas = Math.min(Math.max(bounded, rules.minReplicas), rules.maxReplicas);
  const changes = memory.changes.filter(({ at }) => now - at <= longestWindowMs / 2);
  if (replicas !== current) changes.push({ at: now, by: replicas - current });
  return { replicas, memory: { recommendations, changes } };
}

function recommend(metrics: readonly Metric[], input: AutoscalerInput): number {
  const proposals = metrics.flatMap((metric) => propose(metric, input) ?? []);
  return proposals.length > 0 ? Math.max(...proposals) : input.current;
}

function propose(metric: Metric, input: AutoscalerInput): number | undefined {
  const { current, measured, unmeasured, requests } = input;
  const { type, value } = metric.target;
  const request = requests[metric.resource];
  const target = type === "AverageValue" ? value : request === undefined ? undefined : (value / 100) * request;
  if (!target || measured.length === 0) return undefined;
  const sum = measured.reduce((total, sample) => total + sample[metric.resource], 0);
  const ratio = sum / measured.length / target;
  if (Math.abs(ratio - 1) <= tolerance) return current;
  // Missing measurements hold back: as if at 0 when scaling up, at the target when scaling down.
  const filled = ratio > 1 ? sum : sum + unmeasured * target;
  const count = measured.length + unmeasured;
  const careful = filled / count / target;
  if (Math.abs(careful - 1) <= tolerance || careful > 1 !== ratio > 1) return current;
  const replicas = Math.ceil(careful * count - 1e-9);
  return ratio > 1 ? Math.max(replicas, current) : Math.min(replicas, current);
}

/** Up: the lowest recommendation of its window; down: the highest of its own. */
function stabilize(
  rules: Autoscaling,
  of: { now: number; current: number; recommendations: AutoscalerMemory["recommendations"] },
): number {
  const within = (seconds: number) =>
    of.recommendations.filter(({ at }) => of.now - at <= seconds * 1000).map(({ replicas }) => replicas);
  const up = Math.min(...within(rules.scaleUp.stabilizationWindowSeconds));
  const down = Math.max(...within(rules.scaleDown.stabilizationWindowSeconds));
  if (of.current < up) return up;
  return Math.min(of.current, down);
}

function bound(
  rules: Autoscaling,
  of: { now: number; current: number; stable: number; changes: AutoscalerMemory["changes"] },
): number {
  if (of.stable > of.current) return Math.min(of.stable, limitOf(rules.scaleUp, "up", of));
  if (of.stable < of.current) return Math.max(of.stable, limitOf(rules.scaleDown, "down", of));
  return of.stable;
}

/** How far the policies allow to go from where the replicas were at the start of each policy's period. */
function limitOf(
  rules: ScalingRules,
  direction: "up" | "down",
  of: { now: number; current: number; changes: AutoscalerMemory["changes"] },
): number {
  if (rules.selectPolicy === "Disabled") return of.current;
  const sign = direction === "up" ? 1 : -1;
  const limits = rules.policies.map((policy) => {
    const done = of.changes
      .filter(({ at, by }) => of.now - at < policy.periodSeconds * 1000 && by * sign > 0)
      .reduce((sum, { by }) => sum + by, 0);
    const start = of.current - done;
    if (policy.type === "Pods") return start + sign * policy.value;
    const exact = start * (1 + (sign * policy.value) / 100);
    return direction === "up" ? Math.ceil(exact) : Math.floor(exact);
  });
  const furthest = (direction === "up") === (rules.selectPolicy === "Max") ? Math.max : Math.min;
  const limit = furthest(...limits);
  return direction === "up" ? Math.max(limit, of.current) : Math.min(limit, of.current);
}
