import type { Probe } from "../workloads/workload.ts";

export type Verdict = "unknown" | "success" | "failure";

/** Counts the results of a probe: the verdict changes after as many equal results in a row as the thresholds ask. */
export class ProbeTracker {
  readonly #probe: Pick<Probe, "successThreshold" | "failureThreshold">;
  #inRow = 0;
  #last: boolean | undefined;
  verdict: Verdict = "unknown";

  constructor(probe: Pick<Probe, "successThreshold" | "failureThreshold">) {
    this.#probe = probe;
  }

  /** True when this result changes the verdict. */
  observe(succeeded: boolean): boolean {
    this.#inRow = succeeded === this.#last ? this.#inRow + 1 : 1;
    this.#last = succeeded;
    const needed = succeeded ? this.#probe.successThreshold : this.#probe.failureThreshold;
    const verdict: Verdict = succeeded ? "success" : "failure";
    if (this.#inRow < needed || this.verdict === verdict) return false;
    this.verdict = verdict;
    return true;
  }
}
