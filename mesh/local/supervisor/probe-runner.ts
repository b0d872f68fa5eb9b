import type { Probe, Workload } from "../workloads/workload.ts";
import { GrpcHealth, type Target } from "./grpc-health.ts";
import { ProbeTracker } from "./probe-tracker.ts";
import { type ProbeContext, runProbe } from "./run-probe.ts";

export interface ProbeEvents {
  onReady(ready: boolean, why: string): void;
  /** The startup or liveness probe has failed as often as it may: the container has to go. */
  onUnhealthy(why: string, probe: Probe): void;
}

type Kind = "startup" | "liveness" | "readiness";

/**
 * Runs the probes of one life of a container: first startup alone, then liveness and readiness side by side. Until startup or
 * readiness has succeeded once it is asked more often than its period says, so that a start on a laptop takes as long as the
 * process needs; the time that startup may take stays failureThreshold x periodSeconds.
 */
export class ProbeRunner {
  readonly #probes: Workload["container"]["probes"];
  readonly #context: ProbeContext;
  readonly #healths = new Map<number, GrpcHealth>();
  readonly #events: ProbeEvents;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #startedAt = Date.now();
  #stopped = false;

  constructor(probes: Workload["container"]["probes"], place: Omit<ProbeContext, "healthOf">, events: ProbeEvents) {
    this.#probes = probes;
    this.#context = { ...place, healthOf: (port) => this.#healthOf(port, place.targetOf(port)) };
    this.#events = events;
  }

  start(): void {
    const { startup } = this.#probes;
    if (startup) this.#schedule("startup", startup, new ProbeTracker(startup), startup.initialDelaySeconds * 1000);
    else this.#started();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const health of this.#healths.values()) health.close();
  }

  #healthOf(port: number, target: Target): GrpcHealth {
    const health = this.#healths.get(port) ?? new GrpcHealth(target);
    this.#healths.set(port, health);
    return health;
  }

  #started(): void {
    const { liveness, readiness } = this.#probes;
    for (const [kind, probe] of [["liveness", liveness] as const, ["readiness", readiness] as const]) {
      if (!probe) continue;
      const delayMs = this.#startedAt + probe.initialDelaySeconds * 1000 - Date.now();
      this.#schedule(kind, probe, new ProbeTracker(probe), Math.max(0, delayMs));
    }
    if (!readiness) this.#events.onReady(true, "started");
  }

  #schedule(kind: Kind, probe: Probe, tracker: ProbeTracker, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#probe(kind, probe, tracker);
    }, delayMs);
    this.#timers.add(timer);
  }

  async #probe(kind: Kind, probe: Probe, tracker: ProbeTracker): Promise<void> {
    const failure = await runProbe(probe, this.#context);
    if (this.#stopped) return;
    const impatient = kind !== "liveness" && tracker.verdict === "unknown" && probe.action.type !== "exec";
    if (kind === "startup") {
      this.#judgeStartup(probe, { tracker, failure, impatient });
      return;
    }
    const changed = tracker.observe(failure === undefined);
    const why = `${kind} probe ${failure === undefined ? "succeeded" : `failed: ${failure}`}`;
    if (changed && kind === "readiness") this.#events.onReady(failure === undefined, why);
    if (changed && kind === "liveness" && failure !== undefined) {
      this.#events.onUnhealthy(why, probe);
      return;
    }
    const stillImpatient = impatient && (failure !== undefined || tracker.verdict === "unknown");
    this.#schedule(kind, probe, tracker, stillImpatient ? this.#soon(probe) : probe.periodSeconds * 1000);
  }

  #judgeStartup(
    probe: Probe,
    result: { tracker: ProbeTracker; failure: string | undefined; impatient: boolean },
  ): void {
    if (result.failure === undefined) {
      this.#started();
      return;
    }
    const allowedMs = (probe.initialDelaySeconds + probe.failureThreshold * probe.periodSeconds) * 1000;
    if (Date.now() - this.#startedAt >= allowedMs) {
      this.#events.onUnhealthy(`startup probe failed: ${result.failure}`, probe);
      return;
    }
    const delayMs = result.impatient ? this.#soon(probe) : probe.periodSeconds * 1000;
    this.#schedule("startup", probe, result.tracker, delayMs);
  }

  /** A tenth of the time that has passed, at least 50 ms. */
  #soon(probe: Probe): number {
    return Math.min(Math.max(50, (Date.now() - this.#startedAt) / 10), probe.periodSeconds * 1000);
  }
}
