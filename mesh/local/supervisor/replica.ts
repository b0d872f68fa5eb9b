import { setTimeout as sleep } from "node:timers/promises";
import type { Probe, Workload } from "../workloads/workload.ts";
import { afterExit, noBackOff } from "./back-off.ts";
import type { Target } from "./grpc-health.ts";
import { ProbeRunner } from "./probe-runner.ts";
import { type Exit, ManagedProcess } from "./process.ts";
import type { ProcessRecords } from "./process-records.ts";
import { runCommand } from "./run-probe.ts";

export type ReplicaState = "Pending" | "Starting" | "Running" | "CrashLoopBackOff" | "Terminating" | "Gone";

/** One way to start the process; made anew for each start. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly ports: readonly LaunchPort[];
  /** Called once the process is gone. */
  release(): void;
}

export interface LaunchPort {
  readonly name: string;
  readonly containerPort: number;
  readonly grpc: boolean;
  readonly target: Target;
}

/** What a replica is made from. Replicas of equal hashes are the same. */
export interface Template {
  readonly hash: string;
  readonly workload: Workload;
  prepare(pod: PodIdentity): Promise<Launch>;
}

export interface PodIdentity {
  readonly name: string;
  /** Its own address in 127.0.0.0/8. */
  readonly ip: string;
  /** Path of the unix socket its gRPC server may listen on. */
  readonly listen: string;
  /** `unix:` path of its outbound listener. */
  readonly outbound: string;
}

export interface ReplicaSurroundings {
  readonly records: ProcessRecords;
  readonly logFile: string;
  /** A turn to start: resolves with what gives it back. */
  takeTurn(): Promise<() => void>;
  /** Resolves when no proxy sends new requests to the replica any more. */
  untilUnrouted(replica: Replica): Promise<void>;
  /** After every change of state, readiness, ports or pid. */
  onChange(replica: Replica): void;
  note(text: string): void;
}

/** How long a turn to start lasts at most. */
const turnMs = 15_000;

/** One pod: a process that is started, probed, started again when it ends, and ended. */
export class Replica {
  readonly pod: PodIdentity;
  readonly template: Template;
  readonly createdAt = Date.now();
  state: ReplicaState = "Pending";
  ready = false;
  readySince = 0;
  restarts = 0;
  /** Why it is in this state; empty when there is nothing to say. */
  reason = "";
  ports: readonly LaunchPort[] = [];
  readonly #around: ReplicaSurroundings;
  #process: ManagedProcess | undefined;
  #launch: Launch | undefined;
  #probes: ProbeRunner | undefined;
  readonly #abort = new AbortController();
  #killedBecause = "";
  #startedAt = 0;
  #life: Promise<void> | undefined;
  #end: Promise<void> | undefined;

  constructor(pod: PodIdentity, template: Template, around: ReplicaSurroundings) {
    this.pod = pod;
    this.template = template;
    this.#around = around;
  }

  /** 0 while no process runs. */
  get pid(): number {
    return this.#process?.running ? this.#process.pid : 0;
  }

  get terminating(): boolean {
    return this.state === "Terminating" || this.state === "Gone";
  }

  start(): void {
    this.#life ??= this.#live();
  }

  /** Ends the container, not the pod: it is started again. */
  kill(because: string, graceSeconds: number): void {
    this.#killedBecause = because;
    this.#probes?.stop();
    this.#setReady(false);
    void this.#process?.stop(graceSeconds * 1000);
  }

  /** Takes the replica out of the endpoints, then ends it as Kubernetes ends a pod. Resolves when nothing is left of it. */
  terminate(options: { urgent?: boolean } = {}): Promise<void> {
    this.#end ??= this.#terminate(options.urgent ?? false);
    return this.#end;
  }

  async #terminate(urgent: boolean): Promise<void> {
    const wasReady = this.ready;
    this.#probes?.stop();
    this.ready = false;
    this.#become("Terminating");
    this.#abort.abort();
    if (wasReady && !urgent) await this.#around.untilUnrouted(this);
    const graceMs = this.template.workload.terminationGracePeriodSeconds * 1000;
    const startedAt = Date.now();
    if (!urgent) await this.#preStop(graceMs);
    await this.#process?.stop(Math.max(0, graceMs - (Date.now() - startedAt)));
    await this.#life;
    this.#become("Gone");
  }

  async #live(): Promise<void> {
    let backOff = noBackOff;
    while (!this.terminating) {
      const exit = await this.#liveOnce();
      if (this.terminating) return;
      const next = afterExit(backOff, Date.now());
      backOff = next.backOff;
      this.restarts++;
      this.reason = this.#killedBecause || describe(exit);
      this.#killedBecause = "";
      this.#around.note(`${this.pod.name} ended (${this.reason})`);
      const waitMs = next.startAt - Date.now();
      this.#become(waitMs > 0 ? "CrashLoopBackOff" : "Pending");
      await this.#pause(waitMs);
    }
  }

  async #liveOnce(): Promise<Exit> {
    const giveBack = await this.#around.takeTurn();
    const turn = setTimeout(giveBack, turnMs);
    const done = () => {
      clearTimeout(turn);
      giveBack();
    };
    try {
      if (this.terminating) return { code: 0, signal: null };
      return await this.#runOnce(done);
    } catch (error) {
      return { code: null, signal: null, error: error instanceof Error ? error.message : String(error) };
    } finally {
      done();
    }
  }

  async #runOnce(started: () => void): Promise<Exit> {
    const { workload } = this.template;
    const launch = await this.template.prepare(this.pod);
    if (this.terminating) {
      launch.release();
      return { code: 0, signal: null };
    }
    this.#launch = launch;
    this.ports = launch.ports;
    const { records, logFile } = this.#around;
    const child = new ManagedProcess({ ...launch, records, logFile, what: `${workload.system}/${workload.name}` });
    this.#process = child;
    this.#startedAt = Date.now();
    this.#become("Starting");
    const context = { targetOf: (port: number) => targetOf(launch, port), env: launch.env, cwd: launch.cwd };
    this.#probes = new ProbeRunner(workload.container.probes, context, {
      onReady: (ready, why) => {
        if (ready) started();
        this.#setReady(ready, why);
      },
      onUnhealthy: (why, probe) => this.kill(why, this.#graceOf(probe)),
    });
    this.#probes.start();
    const exit = await child.exited;
    this.#probes.stop();
    this.ready = false;
    launch.release();
    return exit;
  }

  #graceOf(probe: Probe): number {
    return probe.terminationGracePeriodSeconds ?? this.template.workload.terminationGracePeriodSeconds;
  }

  #setReady(ready: boolean, why = ""): void {
    if (this.terminating || (ready === this.ready && this.state !== "Starting")) return;
    this.ready = ready;
    if (ready) this.readySince = Date.now();
    if (ready && this.state === "Starting") this.#noteReady();
    this.reason = ready ? "" : why;
    this.#become(ready || this.state === "Running" ? "Running" : "Starting");
  }

  #noteReady(): void {
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(1);
    this.#around.note(`${this.pod.name} is ready ${seconds} s after its start`);
  }

  async #preStop(graceMs: number): Promise<void> {
    const { preStop } = this.template.workload.container;
    if (!preStop || !this.pid || !this.#launch) return;
    if (preStop.type === "sleep") return void (await sleep(Math.min(preStop.seconds * 1000, graceMs)));
    const failure = await runCommand(preStop.command, this.#launch, graceMs);
    if (failure) this.#around.note(`${this.pod.name}: preStop failed: ${failure}`);
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => {});
  }

  #become(state: ReplicaState): void {
    // What has begun to end does not come back.
    if (this.state === "Gone" || (this.state === "Terminating" && state !== "Gone")) return;
    this.state = state;
    this.#around.onChange(this);
  }
}

function targetOf(launch: Launch, containerPort: number): Target {
  const port = launch.ports.find((candidate) => candidate.containerPort === containerPort);
  return port?.target ?? { host: "127.0.0.1", port: containerPort };
}

function describe(exit: Exit): string {
  if (exit.error) return exit.error;
  return exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`;
}
