import type { Replica, Template } from "./replica.ts";
import { nextRolloutStep, type RolloutReplica } from "./rollout.ts";

export interface DeploymentSurroundings {
  createReplica(template: Template): Replica;
  /** A replica was created or is gone. */
  onChange(): void;
}

/**
 * Keeps as many replicas of the wanted template as are desired, and exchanges old ones as the strategy allows. Nothing happens
 * before the first `reconcile`.
 */
export class DeploymentController {
  template: Template;
  replicas: Replica[] = [];
  desired: number;
  /** What `start` goes back to. */
  #beforeStop: number | undefined;
  readonly #around: DeploymentSurroundings;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(template: Template, around: DeploymentSurroundings) {
    this.template = template;
    this.#around = around;
    this.desired = initialReplicas(template);
  }

  /** As `kubectl apply`: the number of replicas changes only when the file's number did. */
  update(template: Template): void {
    const { workload } = template;
    const written = initialReplicas(template);
    if (this.#beforeStop === undefined && written !== initialReplicas(this.template)) this.desired = written;
    const { autoscaling } = workload;
    if (autoscaling && this.desired > 0) {
      this.desired = Math.min(Math.max(this.desired, autoscaling.minReplicas), autoscaling.maxReplicas);
    }
    this.template = template;
    this.reconcile();
  }

  scale(replicas: number): void {
    this.#beforeStop = undefined;
    this.desired = replicas;
    this.reconcile();
  }

  /** What the autoscaler decided; a workload that was stopped stays stopped. */
  autoscale(replicas: number): void {
    if (this.#beforeStop !== undefined) return;
    this.desired = replicas;
    this.reconcile();
  }

  stop(): void {
    this.#beforeStop ??= this.desired;
    this.desired = 0;
    this.reconcile();
  }

  start(): void {
    this.scale(this.#beforeStop || this.desired || Math.max(1, initialReplicas(this.template)));
  }

  /** All replicas are of the wanted template, available, and as many as desired. */
  get settled(): boolean {
    const views = this.#views();
    return views.length === this.desired && views.every((view) => view.current && view.available && !view.terminating);
  }

  reconcile(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.replicas = this.replicas.filter((replica) => replica.state !== "Gone");
    const { create, remove } = nextRolloutStep(this.template.workload.strategy, this.desired, this.#views());
    for (let n = 0; n < create; n++) {
      const replica = this.#around.createReplica(this.template);
      this.replicas.push(replica);
    }
    const started = create > 0 ? this.replicas.slice(-create) : [];
    if (create > 0) this.#around.onChange();
    for (const replica of started) replica.start();
    for (const replica of this.replicas) if (remove.includes(replica.pod.name)) void replica.terminate();
    this.#wakeWhenAvailable();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.replicas.map((replica) => replica.terminate({ urgent: true })));
    this.replicas = [];
  }

  #views(): RolloutReplica[] {
    return this.replicas.map((replica) => ({
      name: replica.pod.name,
      current: replica.template.hash === this.template.hash,
      available: replica.ready && Date.now() >= availableAt(replica),
      terminating: replica.terminating,
      createdAt: replica.createdAt,
    }));
  }

  /** A replica becomes available by the clock alone when minReadySeconds is over. */
  #wakeWhenAvailable(): void {
    const waits = this.replicas
      .filter((replica) => replica.ready && !replica.terminating)
      .map((replica) => availableAt(replica) - Date.now())
      .filter((ms) => ms > 0);
    if (waits.length > 0) this.#timer = setTimeout(() => this.reconcile(), Math.min(...waits) + 5);
  }
}

function availableAt(replica: Replica): number {
  return replica.readySince + replica.template.workload.minReadySeconds * 1000;
}

function initialReplicas({ workload }: Template): number {
  const { autoscaling, replicas } = workload;
  if (!autoscaling || replicas === 0) return replicas;
  return Math.min(Math.max(replicas, autoscaling.minReplicas), autoscaling.maxReplicas);
}
