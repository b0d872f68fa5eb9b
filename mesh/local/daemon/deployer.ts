import type { Finding } from "#mesh/istio/finding.ts";
import type { DeploymentController } from "../supervisor/deployment-controller.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { makeTemplate, type TemplateSurroundings } from "../supervisor/template.ts";
import { type Workload, workloadId } from "../workloads/workload.ts";
import { BundleError } from "./bundle-build.ts";
import type { Configuration } from "./configuration.ts";
import { Refusal } from "./refusal.ts";

/** Brings the workloads of a configuration to run: as many systems of it as are wanted. */
export class Deployer {
  readonly #supervisor: Supervisor;
  readonly #around: TemplateSurroundings;
  readonly #note: (text: string) => void;
  /** How often each workload was restarted by hand. */
  readonly #generations = new Map<string, number>();
  /** Undefined: all. */
  #wanted: ReadonlySet<string> | undefined;
  /** What could not be built at the last time. */
  findings: readonly Finding[] = [];

  constructor(parts: { supervisor: Supervisor; around: TemplateSurroundings; note: (text: string) => void }) {
    this.#supervisor = parts.supervisor;
    this.#around = parts.around;
    this.#note = parts.note;
    this.#wanted = new Set();
  }

  /**
   * Wants these systems too; none means all.
   *
   * @throws Refusal when the configuration has no such system
   */
  want(systems: readonly string[], configuration: Configuration): void {
    const known = new Set(configuration.workloads.map(({ system }) => system));
    const unknown = systems.filter((system) => !known.has(system));
    if (unknown.length > 0) {
      const list = known.size > 0 ? `there are: ${[...known].join(", ")}` : "there is no services/*/*/k8s.yaml here";
      throw new Refusal(`no system is called ${unknown.join(", ")}; ${list}`);
    }
    if (systems.length === 0) this.#wanted = undefined;
    else if (this.#wanted) this.#wanted = new Set([...this.#wanted, ...systems]);
  }

  /** The wanted systems that have workloads. */
  systemsOf(configuration: Configuration): string[] {
    const systems = new Set(configuration.workloads.map(({ system }) => system));
    return [...systems].filter((system) => this.#wanted === undefined || this.#wanted.has(system));
  }

  /** Starts and rolls out what has changed, ends what no file describes any more. */
  async deploy(configuration: Configuration): Promise<void> {
    const systems = this.systemsOf(configuration);
    const wanted = configuration.workloads.filter(({ system }) => systems.includes(system));
    const findings = await Promise.all(wanted.map((workload) => this.#put(workload, configuration)));
    this.findings = findings.flat();
    const deployments = configuration.objects.filter(({ kind }) => kind === "Deployment");
    const declared = new Set(deployments.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    for (const [id, { template }] of this.#supervisor.controllers) {
      const { namespace, name } = template.workload;
      if (declared.has(`${namespace}/${name}`)) continue;
      this.#note(`${id} is not in any file any more and ends`);
      void this.#supervisor.remove(id);
    }
  }

  /** The next `deploy` makes new processes of this workload. */
  renew({ template }: DeploymentController): void {
    const id = workloadId(template.workload);
    this.#generations.set(id, (this.#generations.get(id) ?? 0) + 1);
  }

  /**
   * By `system/name`, or by the name alone when it is the only one.
   *
   * @throws Refusal when there is none or more than one
   */
  find(id: string): DeploymentController {
    const controllers = this.#supervisor.controllers;
    const matching = [...controllers].filter(([key]) => key === id || key.split("/")[1] === id);
    const [only] = matching;
    if (only && matching.length === 1) return only[1];
    const several = matching.length > 1;
    const names = (several ? matching : [...controllers]).map(([key]) => key).toSorted();
    const why = several ? `${id} is not unique` : `no workload is called ${id}`;
    throw new Refusal(`${why}; there ${names.length === 1 ? "is" : "are"}: ${names.join(", ") || "none"}`);
  }

  /** A workload that cannot be built keeps the processes it has. */
  async #put(workload: Workload, { objects }: Configuration): Promise<readonly Finding[]> {
    const id = workloadId(workload);
    try {
      const of = { objects, generation: this.#generations.get(id) ?? 0 };
      this.#supervisor.put(await makeTemplate(workload, of, this.#around));
      return [];
    } catch (error) {
      const found = error instanceof BundleError ? error.findings : [unbuildable(workload, error)];
      for (const { file, line, column, message } of found) this.#note(`${id}: ${file}:${line}:${column} ${message}`);
      return found;
    }
  }
}

function unbuildable(workload: Workload, error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  return { code: "M924", severity: "error", file: workload.file, line: 1, column: 1, path: "", message, hint: "" };
}
