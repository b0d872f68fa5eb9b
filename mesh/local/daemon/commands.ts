import type { Finding } from "#mesh/istio/finding.ts";
import type { Daemon } from "./daemon.ts";
import { Refusal } from "./refusal.ts";

/** The servers that are no workloads and can be named like one. */
type ServerName = "postgres" | "nats" | "envoy";

/** What `mesh scale`, `restart`, `stop`, `start` and `apply` ask of a mesh that runs. All throw Refusal. */
export class Commands {
  readonly #daemon: Daemon;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  scale(id: string, replicas: number): void {
    this.#daemon.deployer.find(id).scale(replicas);
  }

  async restart(id: string): Promise<void> {
    const server = serverNamed(id);
    if (server) return this.#restartServer(server);
    const { deployer } = this.#daemon;
    deployer.renew(deployer.find(id));
    await this.#daemon.reconfigure();
  }

  async stop(id: string): Promise<void> {
    const server = serverNamed(id);
    if (server === "envoy") throw new Refusal("envoy cannot be stopped alone; `mesh restart envoy` or `mesh down`");
    if (server) await this.#daemon.servers[server].stop();
    else this.#daemon.deployer.find(id).stop();
  }

  async start(id: string): Promise<void> {
    const server = serverNamed(id);
    if (server === "envoy") return;
    if (server) await this.#daemon.servers[server].start();
    else this.#daemon.deployer.find(id).start();
  }

  /** Puts an overlay in force, unless it has errors. */
  async apply(folder: string): Promise<Finding[]> {
    const findings = this.#daemon.reader.check(folder);
    if (findings.some(({ severity }) => severity === "error")) return findings;
    this.#daemon.overlays.add(folder);
    await this.#overlaysChanged();
    return findings;
  }

  /** Takes an overlay away; all of them when none is named. */
  async remove(folder: string | undefined): Promise<readonly string[]> {
    const { overlays } = this.#daemon;
    const inForce = overlays.folders;
    const removed = overlays.remove(folder);
    if (folder && removed.length === 0) {
      throw new Refusal(
        `${folder} is not in force; ${inForce.length > 0 ? `in force: ${inForce.join(", ")}` : "none is"}`,
      );
    }
    await this.#overlaysChanged();
    return removed;
  }

  /** Unix socket of Envoy's admin interface. */
  get admin(): string {
    const admin = this.#daemon.servers.controlPlane?.admin;
    if (!admin) throw new Refusal("Envoy does not run at the moment; look at `mesh status`");
    return admin;
  }

  async #overlaysChanged(): Promise<void> {
    this.#daemon.watch();
    await this.#daemon.reconfigure();
    await this.#daemon.pushes.request();
  }

  async #restartServer(name: ServerName): Promise<void> {
    const { servers } = this.#daemon;
    if (name === "envoy") {
      const pid = servers.controlPlane?.envoy.pid;
      if (pid) process.kill(pid, "SIGTERM");
    } else {
      await servers[name].stop();
      await servers[name].start();
    }
  }
}

function serverNamed(id: string): ServerName | undefined {
  const name = id.replace(/^mesh\//, "");
  return name === "postgres" || name === "nats" || name === "envoy" ? name : undefined;
}
