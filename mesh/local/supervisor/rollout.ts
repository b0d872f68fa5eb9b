/** How replicas of an old template are exchanged for new ones. */
export type Strategy =
  | { readonly type: "Recreate" }
  | { readonly type: "RollingUpdate"; readonly maxSurge: IntOrPercent; readonly maxUnavailable: IntOrPercent };

export type IntOrPercent = number | `${number}%`;

export interface RolloutReplica {
  readonly name: string;
  /** Made from the template that is wanted now. */
  readonly current: boolean;
  /** Ready for at least minReadySeconds. */
  readonly available: boolean;
  readonly terminating: boolean;
  readonly createdAt: number;
}

export interface RolloutStep {
  readonly create: number;
  readonly remove: readonly string[];
}

/**
 * The next step towards `desired` replicas of the current template. At no time are there more than desired + maxSurge
 * replicas that are not terminating, nor does it take an available one when that leaves fewer than desired - maxUnavailable.
 * Calling it again after each change of a replica leads to the end. Rules: kubernetes.io/docs/concepts/workloads/controllers/deployment.
 */
export function nextRolloutStep(strategy: Strategy, desired: number, replicas: readonly RolloutReplica[]): RolloutStep {
  const live = replicas.filter((replica) => !replica.terminating);
  const current = live.filter((replica) => replica.current);
  const old = live.filter((replica) => !replica.current);
  if (strategy.type === "Recreate") {
    if (old.length > 0) return { create: 0, remove: old.map(nameOf) };
    const oldEnding = replicas.some((replica) => replica.terminating && !replica.current);
    return scaleTo(desired, current, oldEnding ? 0 : desired);
  }
  const { surge, unavailable } = limits(strategy, desired);
  const room = old.length === 0 ? desired : desired + surge - old.length;
  const step = scaleTo(desired, current, Math.max(0, Math.min(desired, room)));
  return { create: step.create, remove: [...step.remove, ...oldToRemove(desired - unavailable, current, old)] };
}

/** Both may not be 0 at once: then one may be missing. Surge rounds up, unavailable down. */
export function limits(
  strategy: Extract<Strategy, { type: "RollingUpdate" }>,
  desired: number,
): { surge: number; unavailable: number } {
  const surge = resolve(strategy.maxSurge, desired, Math.ceil);
  const unavailable = Math.min(resolve(strategy.maxUnavailable, desired, Math.floor), desired);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function resolve(value: IntOrPercent, of: number, round: (n: number) => number): number {
  return typeof value === "number" ? value : round((Number.parseFloat(value) / 100) * of);
}

function scaleTo(desired: number, current: readonly RolloutReplica[], allowed: number): RolloutStep {
  const surplus = current.length - desired;
  if (surplus > 0) return { create: 0, remove: worstFirst(current).slice(0, surplus).map(nameOf) };
  return { create: Math.max(0, allowed - current.length), remove: [] };
}

/** Old replicas go as far as the minimum allows; those that are not available first, while new ones still count as missing. */
function oldToRemove(minimum: number, current: readonly RolloutReplica[], old: readonly RolloutReplica[]): string[] {
  const missing = current.filter((replica) => !replica.available).length;
  let broken = current.length + old.length - minimum - missing;
  let available = [...current, ...old].filter((replica) => replica.available).length;
  const remove: string[] = [];
  for (const replica of worstFirst(old)) {
    if (replica.available ? available <= minimum : broken <= 0) continue;
    if (replica.available) available--;
    else broken--;
    remove.push(replica.name);
  }
  return remove;
}

/** Not available first, then the youngest, as a ReplicaSet chooses. */
function worstFirst(replicas: readonly RolloutReplica[]): RolloutReplica[] {
  return replicas.toSorted((a, b) => Number(a.available) - Number(b.available) || b.createdAt - a.createdAt);
}

function nameOf(replica: RolloutReplica): string {
  return replica.name;
}
