import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FSWatcher } from "chokidar";
import type { Finding } from "#mesh/istio/finding.ts";
import { ControlPlane } from "../control-plane.ts";
import type { DeploymentController } from "../supervisor/deployment-controller.ts";
import { ProcessRecords } from "../supervisor/process-records.ts";
import type { Replica } from "../supervisor/replica.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { makeTemplate } from "../supervisor/template.ts";
import { type Workload, workloadId } from "../workloads/workload.ts";
import { Addresses } from "./addresses.ts";
import { AppliedOverlays } from "./applied-overlays.ts";
import { BundleError, Bundler } from "./bundler.ts";
import { Coalesced } from "./coalesced.ts";
import { type Configuration, ConfigurationReader, type Validate } from "./configuration.ts";
import { ControlApi } from "./control-api.ts";
import { DaemonLog } from "./daemon-log.ts";
import { toPlaced } from "./data-plane.ts";
import { gatewayUrls } from "./gateway-urls.ts";
import { releaseLock, takeLock } from "./lock.ts";
import { Ports } from "./ports.ts";
import { preflight } from "./preflight.ts";
import { Refusal } from "./refusal.ts";
import { putSampleData } from "./sample-data.ts";
import { Secrets } from "./secrets.ts";
import { Servers } from "./servers.ts";
import { makeState, type State } from "./state.ts";
import type { Phase, Status, StatusRow } from "./status.ts";
import { watchRepository } from "./watch.ts";

export interface DaemonOptions {
  readonly state: State;
  /** 0: any free port. */
  readonly gatewayPort: number;
  /** Empty: all that services/ has. */
  readonly systems: readonly string[];
  readonly validate: Validate;
}

/** How long a replica that leaves waits for the proxies to know it, at most. */
const unroutedMs = 2_000;
const leftoverGraceMs = 5_000;

/** A mesh that runs: the control plane, the servers, the workloads, and what keeps them on the repository's files. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #state: State;
  readonly #log: DaemonLog;
  readonly #records: ProcessRecords;
  readonly #servers: Servers;
  readonly #bundler: Bundler;
  readonly #secrets: Secrets;
  readonly #ports: Ports;
  readonly #overlays: AppliedOverlays;
  readonly #reader: ConfigurationReader;
  readonly #pushes = new Coalesced(() => this.#push());
  readonly #reconfigurations = new Coalesced(() => this.#reconfigure());
  readonly #api: ControlApi;
  readonly #generations = new Map<string, number>();
  /** Systems whose sample data was begun, and those where it is done. */
  readonly #sampled = new Set<string>();
  readonly #sampleDataDone = new Set<string>();
  #systems: ReadonlySet<string> | undefined;
  #phase: Phase = "starting";
  #activity = "";
  #addresses: Addresses | undefined;
  #supervisor: Supervisor | undefined;
  #controlPlane: ControlPlane | undefined;
  #watcher: FSWatcher | undefined;
  #configuration: Configuration = { objects: [], workloads: [], findings: [] };
  #buildFindings: Finding[] = [];
  #compileFindings: readonly Finding[] = [];
  #inForce = false;
  #closed: Promise<void> | undefined;
  readonly #end = Promise.withResolvers<void>();

  constructor(options: DaemonOptions) {
    const { state } = options;
    this.#options = options;
    this.#state = state;
    makeState(state);
    this.#log = new DaemonLog(join(state.logs, "daemon.log"));
    this.#records = new ProcessRecords(state.processes, state.root);
    this.#servers = new Servers(state, { onChange: () => {}, note: (text) => this.note(text) });
    this.#bundler = new Bundler(process.cwd(), state.bundles);
    this.#secrets = new Secrets(state.secrets);
    this.#ports = new Ports(state.id);
    this.#overlays = new AppliedOverlays(state.applied);
    this.#reader = new ConfigurationReader(options.validate);
    this.#systems = options.systems.length > 0 ? new Set(options.systems) : undefined;
    this.#api = new ControlApi(state.controlSocket, this);
  }

  /**
   * Starts everything; resolves when the servers run and the workloads have begun to start (`status().ready` tells the rest).
   *
   * @throws Refusal when it cannot start here; then nothing runs
   */
  async start(): Promise<void> {
    const problems = await preflight(this.#state, this.#options.gatewayPort);
    if (problems.length > 0) throw new Refusal(problems.join("\n"));
    if (!takeLock(this.#state.lock, this.#options.gatewayPort))
      throw new Refusal("a mesh with this state runs already");
    try {
      await this.#clearLeftovers();
      await this.#api.listen();
      this.#configuration = this.#reader.read(this.#overlays.folders);
      this.#checkSystems([...(this.#systems ?? [])]);
      await this.#startAll();
      this.#phase = "running";
      this.#watch();
    } catch (error) {
      this.note(`does not start: ${error instanceof Error ? error.message : String(error)}`);
      await this.close();
      throw error;
    }
  }

  async #startAll(): Promise<void> {
    const addresses = await Addresses.claim(this.#state.id);
    this.#addresses = addresses;
    this.#supervisor = new Supervisor({
      state: this.#state,
      records: this.#records,
      addresses,
      onChange: () => this.#replicasChanged(),
      untilUnrouted: (replica) => this.#untilUnrouted(replica),
      note: (text) => this.note(text),
    });
    this.#activity = "starting PostgreSQL, NATS and Envoy";
    // Bundling and the first processes go on while the servers start.
    const workloads = this.#reconfigurations.request();
    await all([this.#servers.postgres.start(), this.#servers.nats.start(), this.#startControlPlane(addresses)]);
    await workloads;
    void this.#pushes.request();
  }

  async #startControlPlane(addresses: Addresses): Promise<void> {
    const { gatewayPort } = this.#options;
    const fixed = gatewayPort === 0 ? {} : { https: httpsPortOf(gatewayPort) };
    const plane = await ControlPlane.start({
      stateDir: this.#state.root,
      runDir: this.#state.run,
      logDir: this.#state.logs,
      gateway: { http: gatewayPort, ...fixed },
      ...(addresses.distinct ? { gatewayIp: addresses.take() } : {}),
    });
    this.#controlPlane = plane;
  }

  /** Of a mesh that was killed: its processes, and the sockets it left. */
  async #clearLeftovers(): Promise<void> {
    for (const what of await this.#records.clear(leftoverGraceMs))
      this.note(`ended ${what}, left by a mesh that was killed`);
    for (const name of readdirSync(this.#state.run)) {
      if (/^p.*\.sock$/.test(name) || name === "control.sock") rmSync(join(this.#state.run, name), { force: true });
    }
  }

  #watch(): void {
    void this.#watcher?.close();
    this.#watcher = watchRepository(this.#overlays.folders, {
      onConfiguration: () => void this.#reconfigurations.request(),
      onSource: (file) => {
        if (this.#bundler.changed(file)) void this.#reconfigurations.request();
      },
    });
  }

  async #reconfigure(): Promise<void> {
    if (this.#phase === "stopping" || !this.#supervisor) return;
    try {
      this.#configuration = this.#reader.read(this.#overlays.folders);
      if (this.#phase === "running") void this.#pushes.request();
      await this.#putWorkloads(this.#supervisor);
    } catch (error) {
      this.note(`reading the configuration failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  async #putWorkloads(supervisor: Supervisor): Promise<void> {
    const wanted = this.#configuration.workloads.filter((workload) => this.#isWanted(workload.system));
    this.#buildFindings = [];
    await Promise.all(wanted.map((workload) => this.#putWorkload(workload, supervisor)));
    const declared = new Set(
      this.#configuration.objects
        .filter(({ kind }) => kind === "Deployment")
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    );
    for (const [id, { template }] of supervisor.controllers) {
      const { namespace, name } = template.workload;
      if (declared.has(`${namespace}/${name}`)) continue;
      this.note(`${id} is not in any file any more and ends`);
      void supervisor.remove(id);
    }
  }

  /** A workload that cannot be built keeps the processes it has. */
  async #putWorkload(workload: Workload, supervisor: Supervisor): Promise<void> {
    const id = workloadId(workload);
    const around = { state: this.#state, bundler: this.#bundler, secrets: this.#secrets, ports: this.#ports };
    try {
      const of = { objects: this.#configuration.objects, generation: this.#generations.get(id) ?? 0 };
      const template = await makeTemplate(workload, of, { ...around, servers: () => this.#servers.local() });
      if (this.#phase !== "stopping") supervisor.put(template);
    } catch (error) {
      const found = error instanceof BundleError ? error.findings : [this.#unbuildable(workload, error)];
      this.#buildFindings.push(...found);
      for (const { file, line, column, message } of found) this.note(`${id}: ${file}:${line}:${column} ${message}`);
    }
  }

  #unbuildable(workload: Workload, error: unknown): Finding {
    const message = error instanceof Error ? error.message : String(error);
    const at = { file: workload.file, line: 1, column: 1, path: "" };
    return { code: "M924", severity: "error", ...at, message, hint: "" };
  }

  async #push(): Promise<void> {
    const plane = this.#controlPlane;
    const supervisor = this.#supervisor;
    if (!plane || !supervisor || this.#phase === "stopping") return;
    const { objects } = this.#configuration;
    try {
      const applied = await plane.apply({ objects, replicas: supervisor.replicas.map(toPlaced) });
      this.#report(applied.findings);
      this.#inForce = applied.acknowledged;
    } catch (error) {
      this.#inForce = false;
      this.note(`the configuration cannot be put in force: ${error instanceof Error ? error.stack : String(error)}`);
    }
    void this.#putSampleData();
  }

  #report(findings: readonly Finding[]): void {
    const known = new Set(this.#compileFindings.map(textOf));
    for (const finding of findings) if (!known.has(textOf(finding))) this.note(textOf(finding));
    this.#compileFindings = findings;
  }

  #replicasChanged(): void {
    if (this.#phase !== "stopping") void this.#pushes.request();
  }

  async #untilUnrouted(replica: Replica): Promise<void> {
    if (this.#phase === "stopping" || !replica) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, unroutedMs);
    });
    await Promise.race([this.#pushes.request(), limit]);
    clearTimeout(timer);
  }

  async #putSampleData(): Promise<void> {
    if (this.#phase !== "running" || !this.#inForce || !this.#controlPlane) return;
    const gatewayPort = this.#controlPlane.ports.http;
    for (const system of this.#systemsThatRun()) {
      const controllers = this.#controllersOf(system);
      if (this.#sampled.has(system) || !controllers.every((controller) => controller.settled)) continue;
      this.#sampled.add(system);
      const of = { state: this.#state, records: this.#records, gatewayPort };
      await putSampleData(system, of).catch((error) => this.note(String(error)));
      this.#sampleDataDone.add(system);
    }
  }

  #isWanted(system: string): boolean {
    return this.#systems === undefined || this.#systems.has(system);
  }

  #systemsThatRun(): string[] {
    return [...new Set(this.#configuration.workloads.map(({ system }) => system))].filter((name) =>
      this.#isWanted(name),
    );
  }

  #controllersOf(system: string): DeploymentController[] {
    return [...(this.#supervisor?.controllers.values() ?? [])].filter(
      ({ template }) => template.workload.system === system,
    );
  }

  #checkSystems(systems: readonly string[]): void {
    const known = new Set(this.#configuration.workloads.map(({ system }) => system));
    const unknown = systems.filter((system) => !known.has(system));
    if (unknown.length === 0) return;
    const list = known.size > 0 ? `there are: ${[...known].join(", ")}` : "there is no services/*/*/k8s.yaml here";
    throw new Refusal(`no system is called ${unknown.join(", ")}; ${list}`);
  }

  /** Writes a line to the log. */
  note(text: string): void {
    this.#log.note(text);
  }

  /** Resolves when everything has ended. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  // What the commands ask for; the control API calls these.

  /** Brings more systems up; none means all. */
  async up(systems: readonly string[]): Promise<void> {
    this.#configuration = this.#reader.read(this.#overlays.folders);
    this.#checkSystems(systems);
    if (systems.length === 0) this.#systems = undefined;
    else if (this.#systems) this.#systems = new Set([...this.#systems, ...systems]);
    await this.#reconfigurations.request();
  }

  scale(id: string, replicas: number): void {
    this.#controller(id).scale(replicas);
  }

  async restart(id: string): Promise<void> {
    const server = this.#server(id);
    if (server) return this.#restartServer(server);
    const { template } = this.#controller(id);
    const exact = workloadId(template.workload);
    this.#generations.set(exact, (this.#generations.get(exact) ?? 0) + 1);
    await this.#reconfigurations.request();
  }

  async stop(id: string): Promise<void> {
    const server = this.#server(id);
    if (server === "envoy") throw new Refusal("envoy cannot be stopped alone; `mesh restart envoy` or `mesh down`");
    if (server) await this.#servers[server].stop();
    else this.#controller(id).stop();
  }

  async startAgain(id: string): Promise<void> {
    const server = this.#server(id);
    if (server && server !== "envoy") await this.#servers[server].start();
    else if (!server) this.#controller(id).start();
  }

  async apply(folder: string): Promise<Finding[]> {
    const findings = this.#reader.check(folder);
    if (findings.some(({ severity }) => severity === "error")) return findings;
    this.#overlays.add(folder);
    await this.#overlaysChanged();
    return findings;
  }

  /** Without a folder all overlays go. */
  async removeOverlay(folder: string | undefined): Promise<readonly string[]> {
    const removed = this.#overlays.remove(folder);
    if (folder && removed.length === 0) {
      const list = this.#overlays.folders.length > 0 ? `in force: ${this.#overlays.folders.join(", ")}` : "none is";
      throw new Refusal(`${folder} is not in force; ${list}`);
    }
    await this.#overlaysChanged();
    return removed;
  }

  async #overlaysChanged(): Promise<void> {
    this.#watch();
    await this.#reconfigurations.request();
    await this.#pushes.request();
  }

  /** Unix socket of Envoy's admin interface. @throws Refusal while Envoy is down */
  get admin(): string {
    const admin = this.#controlPlane?.admin;
    if (!admin) throw new Refusal("Envoy does not run at the moment; look at `mesh status`");
    return admin;
  }

  async #restartServer(server: "postgres" | "nats" | "envoy"): Promise<void> {
    if (server !== "envoy") {
      await this.#servers[server].stop();
      await this.#servers[server].start();
      return;
    }
    const pid = this.#controlPlane?.envoy.pid;
    if (pid) process.kill(pid, "SIGTERM");
  }

  #server(id: string): "postgres" | "nats" | "envoy" | undefined {
    const name = id.replace(/^mesh\//, "");
    return name === "postgres" || name === "nats" || name === "envoy" ? name : undefined;
  }

  #controller(id: string): DeploymentController {
    const controllers = this.#supervisor?.controllers ?? new Map<string, DeploymentController>();
    const exact = controllers.get(id);
    if (exact) return exact;
    const byName = [...controllers].filter(([key]) => key.split("/")[1] === id);
    const [only] = byName;
    if (only && byName.length === 1) return only[1];
    const names = byName.length > 1 ? byName.map(([key]) => key) : [...controllers.keys()];
    throw new Refusal(
      `${byName.length > 1 ? `${id} is not unique` : `no workload is called ${id}`}; there ${names.length === 1 ? "is" : "are"}: ${names.sort().join(", ") || "none"}`,
    );
  }

  status(): Status {
    const workloads = [...(this.#supervisor?.controllers.values() ?? [])].map((controller) => ({
      system: controller.template.workload.system,
      workload: controller.template.workload.name,
      desired: controller.desired,
      ready: controller.replicas.filter((replica) => replica.ready).length,
      settled: controller.settled,
    }));
    const rows = [...this.#serverRows(), ...(this.#supervisor?.replicas ?? []).map(toRow)];
    const systems = this.#systemsThatRun();
    const serversReady = this.#serverRows().every(({ ready }) => ready);
    const sampled = systems.every((system) => this.#sampleDataDone.has(system));
    const settled = workloads.every((workload) => workload.settled);
    const quiet = this.#reconfigurations.idle && this.#pushes.idle;
    const findings = unique([...this.#configuration.findings, ...this.#buildFindings, ...this.#compileFindings]);
    return {
      pid: process.pid,
      phase: this.#phase,
      gatewayPort: this.#controlPlane?.ports.http ?? this.#options.gatewayPort,
      systems,
      rows,
      workloads,
      findings,
      inForce: this.#inForce,
      ready: this.#phase === "running" && serversReady && settled && quiet && this.#inForce && sampled,
      activity: this.#activityNow({ serversReady, settled, sampled }),
      overlays: this.#overlays.folders,
      urls: gatewayUrls(this.#configuration.objects, systems, this.#controlPlane?.ports.http ?? 0),
    };
  }

  #activityNow(now: { serversReady: boolean; settled: boolean; sampled: boolean }): string {
    if (!now.serversReady) return this.#activity;
    if (!now.settled) return "starting services";
    if (!this.#inForce) return "putting the configuration in force";
    return now.sampled ? "" : "putting sample data";
  }

  #serverRows(): StatusRow[] {
    const { postgres, nats } = this.#servers;
    const envoy = this.#controlPlane?.envoy;
    const gateway = this.#controlPlane?.ports;
    const row = { system: "mesh", reason: "" };
    return [
      { ...row, ...describeServer(postgres, [{ name: "postgres", port: 5432, on: postgres.current?.port }]) },
      { ...row, ...describeServer(nats, [{ name: "nats", port: 4222, on: nats.current?.port }]) },
      {
        ...row,
        workload: "envoy",
        replica: "envoy",
        state: envoy?.pid ? "Running" : envoy ? "CrashLoopBackOff" : "Starting",
        ready: Boolean(envoy?.pid),
        restarts: envoy?.restarts ?? 0,
        pid: envoy?.pid ?? 0,
        ports: gateway
          ? [
              { name: "http", port: 80, listens: `127.0.0.1:${gateway.http}` },
              { name: "https", port: 443, listens: `127.0.0.1:${gateway.https}` },
            ]
          : [],
      },
    ];
  }

  /** Ends everything in good order: workloads, Envoy, NATS and PostgreSQL. Can be called more than once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#phase = "stopping";
    this.note("stopping");
    await this.#watcher?.close();
    await this.#supervisor?.close();
    await this.#controlPlane?.close();
    await this.#servers.stop();
    await this.#addresses?.close();
    await this.#records.clear(leftoverGraceMs);
    this.note("stopped");
    await this.#api.close();
    releaseLock(this.#state.lock);
    this.#end.resolve();
  }
}

/** 8443 beside 8080, and as far from any other port. */
export function httpsPortOf(gatewayPort: number): number {
  return gatewayPort + 363;
}

function toRow(replica: Replica): StatusRow {
  const { workload } = replica.template;
  return {
    system: workload.system,
    workload: workload.name,
    replica: replica.pod.name,
    state: replica.state,
    ready: replica.ready,
    restarts: replica.restarts,
    pid: replica.pid,
    ports: toPlaced(replica).ports.map(({ name, containerPort, upstream }) => ({
      name,
      port: containerPort,
      listens: upstream,
    })),
    reason: replica.reason,
  };
}

function describeServer(
  server: Servers["postgres"] | Servers["nats"],
  ports: readonly { name: string; port: number; on: number | undefined }[],
): StatusRow & { system: "mesh" } {
  return {
    system: "mesh",
    workload: server.name,
    replica: server.name,
    state: server.state,
    ready: server.state === "Running",
    restarts: server.restarts,
    pid: server.pid,
    ports: ports.flatMap(({ name, port, on }) => (on ? [{ name, port, listens: `127.0.0.1:${on}` }] : [])),
    reason: server.reason,
  };
}

function textOf({ severity, code, file, line, column, message, hint }: Finding): string {
  return `${severity} ${code} ${file}:${line}:${column} ${message}${hint ? `; ${hint}` : ""}`;
}

function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [textOf(finding), finding])).values()];
}

/** All at once; fails with the first failure, but only after all have come to an end. */
async function all(jobs: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(jobs);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
