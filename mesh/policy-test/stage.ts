import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { ControlPlane, type Replica } from "#mesh/local/control-plane.ts";
import { proxyKey } from "#mesh/local/localize/names.ts";
import type { Address } from "./caller.ts";
import { readBreaker } from "./envoy-breaker.ts";
import { type FlagCounts, readFlags } from "./envoy-flags.ts";
import type { BehaviourCase, Script } from "./format.ts";
import type { BreakerState } from "./outcome.ts";
import { ScriptedWorkload } from "./scripted-workload.ts";
import { at, gatewayId, list, servicesOf, type Workload, type World } from "./world.ts";

/** A mesh for one test: an Envoy with the policies in force, and scripted workloads behind their sidecars. */
export interface Stage {
  scripted: ReadonlyMap<string, ScriptedWorkload>;
  /** Gives a workload another script. */
  play(workload: string, script: Script): Promise<void>;
  /** Where a workload's calls go in: its sidecar's outbound listener, or the gateway's port. */
  addressOf(workload: string): Address;
  /** Requests that reached a workload or one of its replicas; undefined for an unknown name. */
  attempts(name: string): number | undefined;
  /** Response flags of all requests of a workload so far. */
  flags(by: string): Promise<FlagCounts>;
  /** The breaker that a workload's proxy keeps for another. */
  breaker(by: string, of: string): Promise<BreakerState>;
  close(): Promise<void>;
}

/**
 * Starts everything a test names. Nothing but loopback addresses and unix sockets is used.
 *
 * @throws when Envoy does not start or refuses the policies
 */
export async function startStage(world: World, test: BehaviourCase): Promise<Stage> {
  // Sockets have short paths at most: not every temporary folder does.
  const folder = mkdtempSync(join(tmpdir().length > 40 ? "/tmp" : tmpdir(), "mesh-test-"));
  if (folders.size === 0) process.once("exit", removeFolders);
  folders.add(folder);
  const stage = new RunningStage(folder, castOf(world, test, folder));
  try {
    await stage.start(world, test);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** Of stages that are open: an interrupted test leaves none behind. */
const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** One replica on stage. */
interface Actor {
  workload: Workload;
  replica: Replica;
}

class RunningStage implements Stage {
  readonly scripted = new Map<string, ScriptedWorkload>();
  readonly #folder: string;
  readonly #actors: Actor[];
  #plane: ControlPlane | undefined;
  #objects: KubeObject[] = [];

  constructor(folder: string, actors: Actor[]) {
    this.#folder = folder;
    this.#actors = actors;
  }

  async start(world: World, test: BehaviourCase): Promise<void> {
    for (const [id, { script }] of Object.entries(test.workloads)) {
      const workload = new ScriptedWorkload(id, this.#actorsOf(id).map(listening));
      this.scripted.set(id, workload);
      await workload.play(script);
    }
    this.#plane = await ControlPlane.start({
      stateDir: this.#folder,
      runDir: this.#folder,
      logDir: this.#folder,
      gateway: { http: 0 },
    });
    this.#objects = withNumberedTargets(world);
    await this.#apply();
  }

  async play(id: string, script: Script): Promise<void> {
    const before = this.#gone();
    await this.scripted.get(id)?.play(script);
    if (this.#gone().join() !== before.join()) await this.#apply();
  }

  addressOf(id: string): Address {
    if (id === gatewayId) return `127.0.0.1:${this.#plane?.ports.http}`;
    const [actor] = this.#actorsOf(id);
    if (!actor) throw new Error(`${id} is not on stage`);
    return actor.replica.outbound;
  }

  attempts(name: string): number | undefined {
    const whole = this.scripted.get(name);
    if (whole) return whole.attempts();
    return [...this.scripted.values()].find((one) => one.replicaNames().includes(name))?.attempts(name);
  }

  flags(by: string): Promise<FlagCounts> {
    const [namespace = "", name = ""] = by.split("/");
    return readFlags(this.#admin(), { namespace, name });
  }

  breaker(by: string, of: string): Promise<BreakerState> {
    const caller = this.#actorsOf(by)[0]?.replica;
    const [namespace = "", name = ""] = by.split("/");
    const key = proxyKey(caller ?? { name, namespace });
    const hosts = this.#actorsOf(of).map(({ replica }) => [replica.ip, replica.name] as const);
    return readBreaker(this.#admin(), key, new Map(hosts));
  }

  async close(): Promise<void> {
    await this.#plane?.close();
    await Promise.all([...this.scripted.values()].map((workload) => workload.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
    folders.delete(this.#folder);
    if (folders.size === 0) process.removeListener("exit", removeFolders);
  }

  async #apply(): Promise<void> {
    const gone = this.#gone();
    // Without ports there is no inbound listener; the Services' endpoints stay.
    const replicas = this.#actors.map(({ replica }) =>
      gone.includes(replica.name) ? { ...replica, ports: [] } : replica,
    );
    const applied = await this.#plane?.apply({ objects: this.#objects, replicas });
    if (!applied || applied.acknowledged) return;
    const errors = applied.findings.filter(({ severity }) => severity === "error");
    const reasons = errors.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    throw new Error(`Envoy does not run the policies: ${reasons.join("; ") || "it does not answer"}`);
  }

  #gone(): string[] {
    return [...this.scripted.values()].flatMap((workload) => workload.gone());
  }

  #admin(): string {
    const admin = this.#plane?.admin;
    if (!admin) throw new Error("Envoy has ended");
    return admin;
  }

  #actorsOf(id: string): Actor[] {
    return this.#actors.filter(({ workload }) => workload.id === id);
  }
}

/** Services whose target ports are numbers: a replica that is gone has no port that a name could be looked up in. */
function withNumberedTargets({ objects, workloads }: World): KubeObject[] {
  return objects.map((service) => {
    if (service.kind !== "Service") return service;
    const behind = [...workloads.values()].find((workload) => servicesOf(workload, [service]).length > 0);
    const numberOf = (name: unknown) => behind?.ports.find((port) => port.name === name)?.containerPort ?? name;
    const ports = list(at(service.spec, "ports")).map((port) =>
      isRecord(port) && typeof port["targetPort"] === "string"
        ? { ...port, targetPort: numberOf(port["targetPort"]) }
        : port,
    );
    const spec = { ...(isRecord(service.spec) ? service.spec : {}), ports };
    return { ...service, spec, raw: { ...(isRecord(service.raw) ? service.raw : {}), spec } };
  });
}

/** Everyone in the test, each replica with an address and sockets of its own. */
function castOf(world: World, test: BehaviourCase, folder: string): Actor[] {
  const ids = new Set([...Object.keys(test.workloads), test.from]);
  ids.delete(gatewayId);
  const network = `127.${64 + Math.floor(Math.random() * 128)}.${Math.floor(Math.random() * 256)}`;
  const actors: Actor[] = [];
  for (const id of ids) {
    const workload = world.workloads.get(id);
    if (!workload) throw new Error(`there is no workload ${id}`);
    for (let index = 1; index <= (test.workloads[id]?.replicas ?? 1); index++) {
      const socket = `unix:${join(folder, String(actors.length))}`;
      const replica = toReplica(workload, { index, ip: `${network}.${actors.length + 1}`, socket });
      actors.push({ workload, replica });
    }
  }
  return actors;
}

function toReplica(workload: Workload, at: { index: number; ip: string; socket: string }): Replica {
  const { namespace, name, labels, serviceAccount, ports } = workload;
  return {
    name: `${name}-${at.index}`,
    namespace,
    workload: name,
    labels,
    serviceAccount,
    ip: at.ip,
    outbound: `${at.socket}.out`,
    ready: true,
    ports: ports.map(({ name: portName, containerPort }) => ({
      name: portName,
      containerPort,
      upstream: `${at.socket}.${containerPort}`,
    })),
  };
}

function listening({ workload, replica }: Actor): ConstructorParameters<typeof ScriptedWorkload>[1][number] {
  return {
    name: replica.name,
    outbound: replica.outbound,
    listen: replica.ports.map(({ containerPort, upstream }) => ({
      path: upstream.slice("unix:".length),
      protocol:
        workload.ports.find((port) => port.containerPort === containerPort)?.protocol === "http1" ? "http1" : "http2",
    })),
  };
}
