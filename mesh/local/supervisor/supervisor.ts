import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Addresses } from "../daemon/addresses.ts";
import type { State } from "../daemon/state.ts";
import { type Workload, workloadId } from "../workloads/workload.ts";
import { type AutoscalerMemory, autoscale, emptyMemory, type Measured } from "./autoscaler.ts";
import { DeploymentController } from "./deployment-controller.ts";
import type { ProcessRecords } from "./process-records.ts";
import { usageOf } from "./process-table.ts";
import { Replica, type ReplicaSurroundings, type Template } from "./replica.ts";
import { Turns } from "./turns.ts";

export interface SupervisorSurroundings {
  readonly state: State;
  readonly records: ProcessRecords;
  readonly addresses: Addresses;
  /** The set of replicas, or one of them, changed. */
  onChange(): void;
  /** Resolves when no proxy sends new requests to replicas that are not ready any more. */
  untilUnrouted(replica: Replica): Promise<void>;
  note(text: string): void;
}

/** Memory is looked at so often; CPU for autoscaling every third time, which is Kubernetes' 15 s. */
const measureMs = 5_000;
const measuresPerScaling = 3;
/** Log files of pods that are gone are kept for a look back, so many a workload. */
const keptLogs = 5;

interface Entry {
  readonly controller: DeploymentController;
  memory: AutoscalerMemory;
}

interface Sample {
  readonly pid: number;
  readonly at: number;
  readonly cpuSeconds: number;
}

/** All workloads that run: their controllers, their use of CPU and memory, their autoscalers. */
export class Supervisor {
  readonly #around: SupervisorSurroundings;
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new Turns(Math.max(3, availableParallelism() * 2));
  readonly #samples = new Map<Replica, Sample>();
  readonly #timer: NodeJS.Timeout;
  #measures = 0;
  #closed = false;
  #pods = 0;

  constructor(around: SupervisorSurroundings) {
    this.#around = around;
    this.#timer = setInterval(() => this.#measure(), measureMs);
    this.#timer.unref();
  }

  get replicas(): Replica[] {
    return [...this.#entries.values()].flatMap(({ controller }) => controller.replicas);
  }

  get controllers(): ReadonlyMap<string, DeploymentController> {
    return new Map([...this.#entries].map(([id, { controller }]) => [id, controller]));
  }

  /** Starts the workload or rolls it out. */
  put(template: Template): void {
    if (this.#closed) return;
    const id = workloadId(template.workload);
    const known = this.#entries.get(id);
    if (known) {
      known.controller.update(template);
      return;
    }
    const controller = new DeploymentController(template, {
      createReplica: (wanted) => this.#createReplica(wanted),
      onChange: () => this.#around.onChange(),
    });
    this.#entries.set(id, { controller, memory: emptyMemory });
    controller.reconcile();
  }

  /** Ends a workload that no file describes any more. */
  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const closed = entry.controller.close();
    await closed;
    this.#entries.delete(id);
    this.#around.onChange();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#entries.values()].map(({ controller }) => controller.close()));
    this.#entries.clear();
  }

  #createReplica(template: Template): Replica {
    const { workload, hash } = template;
    const { state, addresses } = this.#around;
    const number = (++this.#pods).toString(36);
    const name = `${workload.name}-${hash}-${randomBytes(3).toString("hex").slice(0, 5)}`;
    const pod = {
      name,
      ip: addresses.take(),
      listen: join(state.run, `p${number}.sock`),
      outbound: `unix:${join(state.run, `p${number}-out.sock`)}`,
    };
    const surroundings: ReplicaSurroundings = {
      records: this.#around.records,
      logFile: join(this.#logFolderOf(workload), `${name}.log`),
      takeTurn: () => this.#turns.take(),
      untilUnrouted: (replica) => this.#around.untilUnrouted(replica),
      onChange: (replica) => this.#changed(replica),
      note: (text) => this.#around.note(text),
    };
    return new Replica(pod, template, surroundings);
  }

  #logFolderOf(workload: Workload): string {
    return join(this.#around.state.logs, workload.system, workload.name);
  }

  #changed(replica: Replica): void {
    const { workload } = replica.template;
    if (replica.state === "Gone") {
      this.#samples.delete(replica);
      this.#around.addresses.giveBack(replica.pod.ip);
      for (const path of [replica.pod.listen, replica.pod.outbound.slice("unix:".length)])
        rmSync(path, { force: true });
      const living = this.#entries.get(workloadId(workload))?.controller.replicas ?? [];
      removeOldLogs(this.#logFolderOf(workload), living);
    }
    this.#around.onChange();
    this.#entries.get(workloadId(workload))?.controller.reconcile();
  }

  #measure(): void {
    const running = this.replicas.filter((replica) => replica.pid > 0);
    if (running.length === 0) return;
    const usage = usageOf(new Set(running.map((replica) => replica.pid)));
    for (const replica of running) {
      const limit = replica.template.workload.container.memoryLimitBytes ?? Number.POSITIVE_INFINITY;
      if ((usage.get(replica.pid)?.memoryBytes ?? 0) > limit) replica.kill("OOMKilled: over its memory limit", 0);
    }
    if (++this.#measures % measuresPerScaling === 0) this.#autoscaleAll(usage);
  }

  #autoscaleAll(usage: ReturnType<typeof usageOf>): void {
    const now = Date.now();
    for (const [id, entry] of this.#entries) {
      const { controller } = entry;
      const { autoscaling, container } = controller.template.workload;
      if (!autoscaling) continue;
      const live = controller.replicas.filter((replica) => !replica.terminating);
      const measured = live.flatMap((replica) => this.#measureOne(replica, usage, now) ?? []);
      const { cpuRequest, memoryRequestBytes } = container;
      const requests = {
        ...(cpuRequest === undefined ? {} : { cpu: cpuRequest }),
        ...(memoryRequestBytes === undefined ? {} : { memory: memoryRequestBytes }),
      };
      const unmeasured = live.length - measured.length;
      const input = { now, current: controller.desired, measured, unmeasured, requests };
      const { replicas, memory } = autoscale(autoscaling, input, entry.memory);
      entry.memory = memory;
      if (replicas === controller.desired) continue;
      this.#around.note(`${id}: autoscaler, ${controller.desired} -> ${replicas} replicas`);
      controller.autoscale(replicas);
    }
  }

  /** Only what a replica uses after it has become ready counts: starting is not load. */
  #measureOne(replica: Replica, usage: ReturnType<typeof usageOf>, now: number): Measured | undefined {
    const used = usage.get(replica.pid);
    const before = this.#samples.get(replica);
    if (!used || !replica.ready) {
      this.#samples.delete(replica);
      return undefined;
    }
    this.#samples.set(replica, { pid: replica.pid, at: now, cpuSeconds: used.cpuSeconds });
    if (!before || before.pid !== replica.pid) return undefined;
    const cpu = (used.cpuSeconds - before.cpuSeconds) / ((now - before.at) / 1000);
    return { cpu, memory: used.memoryBytes };
  }
}

function removeOldLogs(folder: string, living: readonly Replica[]): void {
  const inUse = new Set(
    living.filter((replica) => replica.state !== "Gone").map((replica) => `${replica.pod.name}.log`),
  );
  try {
    const old = readdirSync(folder)
      .filter((name) => !inUse.has(name))
      .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.at - a.at);
    for (const { name } of old.slice(keptLogs)) rmSync(join(folder, name), { force: true });
  } catch {
    // The folder is made with the first log.
  }
}
