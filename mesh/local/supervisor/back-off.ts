/** How long a container waits before it is started again, as the kubelet does it. */
export interface BackOff {
  /** What the next crash waits for, in ms; 0 before the first crash. */
  readonly delayMs: number;
  /** When `delayMs` was last raised. */
  readonly raisedAt: number;
}

export const noBackOff: BackOff = { delayMs: 0, raisedAt: 0 };

const initialMs = 10_000;
const maximumMs = 300_000;

/**
 * A container that ended is started again at once, the next time after 10 s, then 20 s, doubling to 5 minutes. Ten minutes
 * without an end forget it all (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle, "restart policy").
 */
export function afterExit(backOff: BackOff, endedAt: number): { startAt: number; backOff: BackOff } {
  const forgotten = backOff.delayMs === 0 || endedAt - backOff.raisedAt > 2 * maximumMs;
  const delayMs = forgotten ? 0 : backOff.delayMs;
  const raised = forgotten ? initialMs : Math.min(backOff.delayMs * 2, maximumMs);
  return { startAt: endedAt + delayMs, backOff: { delayMs: raised, raisedAt: endedAt + delayMs } };
}
