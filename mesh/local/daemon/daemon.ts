import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { ProcessRecords } from "../supervisor/process-records.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { Addresses } from "./addresses.ts";
import { AppliedOverlays } from "./applied-overlays.ts";
import { Bundler } from "./bundler.ts";
import { Coalesced } from "./coalesced.ts";
import { type Configuration, ConfigurationReader } from "./configuration.ts";
import { ControlApi } from "./control-api.ts";
import { DaemonLog } from "./daemon-log.ts";
import { Deployer } from "./deployer.ts";
import { releaseLock, takeLock } from "./lock.ts";
import { rotateLogs } from "./log-rotation.ts";
import { Ports } from "./ports.ts";
import { preflight } from "./preflight.ts";
import { Pushes } from "./pushes.ts";
import { Refusal } from "./refusal.ts";
import { SampleData } from "./sample-data.ts";
import { Secrets } from "./secrets.ts";
import { Servers } from "./servers.ts";
import { makeState, type State } from "./state.ts";
import type { Phase } from "./status.ts";
import { RepositoryWatch } from "./watch.ts";

export interface DaemonOptions {
  readonly state: State;
  /** 0: any free port. */
  readonly gatewayPort: number;
  /** Empty: all that services/ has. */
  readonly systems: readonly string[];
}

const leftoverGraceMs = 5_000;

const oneAddress: Finding = {
  code: "M926",
  severity: "warning",
  file: "(this machine)",
  line: 1,
  column: 1,
  path: "",
  message:
    "only 127.0.0.1 exists here: replicas share one address, rules about IP addresses do not tell them apart, and two of one port collide",
  hint: "run on Linux, where all of 127.0.0.0/8 is there, or in a Linux virtual machine",
};

/** A mesh that runs: the servers, the control plane, the workloads, and what keeps them on the repository's files. */
export class Daemon {
  readonly supervisor: Supervisor;
  readonly servers: Servers;
  readonly deployer: Deployer;
  readonly pushes: Pushes;
  readonly sampleData: SampleData;
  readonly overlays: AppliedOverlays;
  readonly reader: ConfigurationReader;
  configuration: Configuration = { objects: [], workloads: [], findings: [] };
  phase: Phase = "starting";
  readonly #options: DaemonOptions;
  readonly #log: DaemonLog;
  readonly #records: ProcessRecords;
  readonly #bundler: Bundler;
  readonly #api: ControlApi;
  readonly #addresses: Addresses;
  readonly #rotation: { stop(): void };
  readonly #reconfigurations = new Coalesced(() => this.#reconfigure());
  readonly #end = Promise.withResolvers<void>();
  #watch: RepositoryWatch | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Starts everything; resolves when the servers run and the workloads have begun to start (its status tells the rest).
   *
   * @throws Refusal when it cannot start here; then nothing runs
   */
  static async start(options: DaemonOptions, onCreated: (daemon: Daemon) => void = () => {}): Promise<Daemon> {
    const { state, gatewayPort } = options;
    const problems = await preflight(state, gatewayPort);
    if (problems.length > 0) throw new Refusal(problems.join("\n"));
    makeState(state);
    if (!takeLock(state.lock, gatewayPort)) throw new Refusal(`a mesh with the state ${state.root} runs already`);
    const daemon = new Daemon(options, await Addresses.claim(state.id));
    try {
      onCreated(daemon);
      await daemon.#start();
      return daemon;
    } catch (error) {
      daemon.note(`does not start: ${error instanceof Error ? error.message : String(error)}`);
      await daemon.close();
      throw error;
    }
  }

  private constructor(options: DaemonOptions, addresses: Addresses) {
    const { state, gatewayPort } = options;
    const note = (text: string) => this.note(text);
    this.#options = options;
    this.#addresses = addresses;
    this.#log = new DaemonLog(join(state.logs, "daemon.log"));
    this.#rotation = rotateLogs(state.logs);
    this.#records = new ProcessRecords(state.processes, state.root);
    this.#bundler = new Bundler(process.cwd(), state.bundles, note);
    this.#api = new ControlApi(state.controlSocket, this);
    this.overlays = new AppliedOverlays(state.applied);
    this.reader = new ConfigurationReader();
    this.servers = new Servers({ state, records: this.#records, gatewayPort, note, onChange: () => {} });
    this.pushes = new Pushes({
      objects: () => this.configuration.objects,
      replicas: () => this.supervisor.replicas,
      onPushed: () => this.#putSampleData(),
      note,
    });
    this.supervisor = new Supervisor({
      state,
      records: this.#records,
      addresses,
      onChange: () => void this.pushes.request(),
      untilUnrouted: () => this.pushes.untilUnrouted(),
      note,
    });
    const { supervisor } = this;
    const parts = { secrets: new Secrets(state.secrets), ports: new Ports(state.id), bundler: this.#bundler };
    const around = { ...parts, state, servers: () => this.servers.local() };
    this.deployer = new Deployer({ supervisor, around, note });
    const port = () => this.servers.controlPlane?.ports.http ?? 0;
    this.sampleData = new SampleData({ state, records: this.#records, gatewayPort: port, note });
  }

  async #start(): Promise<void> {
    await this.#clearLeftovers();
    await this.#api.listen();
    this.#read();
    this.deployer.want(this.#options.systems, this.configuration);
    if (!this.#addresses.distinct)
      this.note("this system has only 127.0.0.1: rules about IP addresses match all replicas");
    // Bundling and the first processes go on while the servers start.
    const deployed = this.deployer.deploy(this.configuration);
    await this.servers.start(this.#addresses);
    if (this.servers.controlPlane) this.pushes.open(this.servers.controlPlane);
    await deployed;
    if (this.phase !== "starting") return;
    this.phase = "running";
    this.watch();
    // For what was changed or asked for meanwhile.
    void this.reconfigure();
    this.#putSampleData();
  }

  /** Of a mesh that was killed: its processes, and the sockets it left. */
  async #clearLeftovers(): Promise<void> {
    for (const what of await this.#records.clear(leftoverGraceMs))
      this.note(`ended ${what}, left by a mesh that was killed`);
    const { run } = this.#options.state;
    for (const name of readdirSync(run)) {
      if (/^p.*\.sock$/.test(name) || name === "control.sock") rmSync(join(run, name), { force: true });
    }
  }

  /** Follows the files, from now on also those of the overlays in force. */
  watch(): void {
    this.#watch?.close();
    this.#watch = new RepositoryWatch(this.overlays.folders, {
      onConfiguration: () => void this.reconfigure(),
      onSource: (file) => {
        if (this.#bundler.changed(file)) void this.reconfigure();
      },
    });
  }

  /** Brings more systems up; none means all. @throws Refusal when one does not exist */
  async up(systems: readonly string[]): Promise<void> {
    this.#read();
    this.deployer.want(systems, this.configuration);
    await this.reconfigure();
  }

  /** Reads the files again and puts in force what they say. */
  reconfigure(): Promise<void> {
    return this.#reconfigurations.request();
  }

  /** What this machine cannot do as a cluster would. */
  get shortcomings(): readonly Finding[] {
    return this.#addresses.distinct ? [] : [oneAddress];
  }

  /** Nothing is being read or built. */
  get idle(): boolean {
    return this.#reconfigurations.idle;
  }

  async #reconfigure(): Promise<void> {
    if (this.phase !== "running") return;
    try {
      this.#read();
      void this.pushes.request();
      await this.deployer.deploy(this.configuration);
    } catch (error) {
      this.note(`reading the configuration failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  #read(): void {
    const before = new Set(this.configuration.findings.map(({ file, line, message }) => `${file}:${line} ${message}`));
    this.configuration = this.reader.read(this.overlays.folders);
    for (const { severity, code, file, line, column, message } of this.configuration.findings) {
      if (severity === "info" || before.has(`${file}:${line} ${message}`)) continue;
      this.note(`${severity} ${code} ${file}:${line}:${column} ${message}`);
    }
  }

  #putSampleData(): void {
    if (this.phase !== "running" || !this.pushes.inForce) return;
    for (const system of this.deployer.systemsOf(this.configuration)) {
      const own = [...this.supervisor.controllers.values()].filter(
        ({ template }) => template.workload.system === system,
      );
      if (own.length > 0 && own.every((controller) => controller.settled)) void this.sampleData.put(system);
    }
  }

  /** Writes a line to the mesh's log. */
  note(text: string): void {
    this.#log.note(text);
  }

  /** Resolves when everything has ended. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Ends everything in good order: workloads, Envoy, NATS and PostgreSQL. Can be called more than once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.phase = "stopping";
    this.note("stopping");
    this.pushes.close();
    this.servers.stopWaiting();
    this.#watch?.close();
    this.#rotation.stop();
    await this.supervisor.close();
    await this.servers.stop();
    await this.#addresses.close();
    await this.#records.clear(leftoverGraceMs);
    this.note("stopped");
    await this.#api.close();
    const { run, root } = this.#options.state;
    if (!run.startsWith(root)) rmSync(run, { recursive: true, force: true });
    releaseLock(this.#options.state.lock);
    this.#end.resolve();
  }
}
