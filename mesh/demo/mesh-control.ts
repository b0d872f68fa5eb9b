import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "#mesh/istio/finding.ts";
import { readAdminState } from "#mesh/local/breakers/admin-state.ts";
import type { Breaker } from "#mesh/local/breakers/breaker.ts";
import { breakersOf } from "#mesh/local/breakers/breakers.ts";
import { askDaemon } from "#mesh/local/daemon/control-client.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import type { Status } from "#mesh/local/daemon/status.ts";

const readyMs = 180_000;
const lookEveryMs = 100;

/** The running mesh, as its control socket and its state show it. What changes it returns when everything is ready again. */
export class MeshControl {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** @throws Refusal when no mesh runs */
  status(): Promise<Status> {
    return this.#ask<Status>("GET", "/status");
  }

  async apply(folder: string): Promise<void> {
    const { findings } = await this.#ask<{ findings: Finding[] }>("POST", "/apply", { folder });
    const errors = findings.filter(({ severity }) => severity === "error");
    if (errors.length > 0)
      throw new Refusal(errors.map(({ file, line, message }) => `${file}:${line} ${message}`).join("\n"));
    await this.untilReady();
  }

  async remove(folder: string): Promise<void> {
    await this.#ask("POST", "/remove", { folder });
    await this.untilReady();
  }

  /** @param workload `tword/delivery` */
  async scale(workload: string, replicas: number): Promise<void> {
    await this.#ask("POST", "/scale", { workload, replicas });
    await this.untilReady();
  }

  /** A rolling restart. */
  async restart(workload: string): Promise<void> {
    await this.#ask("POST", "/restart", { workload });
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    for (const giveUpAt = Date.now() + readyMs; ; await sleep(lookEveryMs)) {
      const { ready, activity } = await this.status();
      if (ready) return;
      if (Date.now() > giveUpAt)
        throw new Refusal(`not ready after ${readyMs / 1000} s: ${activity}; see \`mesh status\``);
    }
  }

  async breakers(): Promise<Breaker[]> {
    const { run, logs } = this.#state;
    return breakersOf(await readAdminState({ admin: join(run, "admin.sock"), outlierLog: join(logs, "outlier.log") }));
  }

  /** @param name the database: `tword_order` */
  async databaseUrl(name: string): Promise<string> {
    const password = readFileSync(join(this.#state.postgres, "mesh-password"), "utf8").trim();
    return `postgres://postgres:${password}@${await this.#addressOf("postgres")}/${name}`;
  }

  /** The folder of a PersistentVolumeClaim. */
  volume(namespace: string, claim: string): string {
    return join(this.#state.volumes, namespace, claim);
  }

  async natsUrl(): Promise<string> {
    return `nats://${await this.#addressOf("nats")}`;
  }

  async #addressOf(server: string): Promise<string> {
    const { rows } = await this.status();
    const address = rows.find(({ system, workload }) => system === "mesh" && workload === server)?.ports[0]?.listens;
    if (!address) throw new Refusal(`the mesh runs no ${server} at the moment`);
    return address;
  }

  async #ask<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const answer = await askDaemon<T>(this.#state.controlSocket, method, path, body);
    if (answer === undefined)
      throw new Refusal(`no mesh is running with the state ${this.#state.root}; start one with \`mesh up\``);
    return answer;
  }
}
