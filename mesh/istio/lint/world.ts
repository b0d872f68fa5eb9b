import { groupOf, type KubeObject } from "../kube-object.ts";
import type { Contracts } from "./contracts.ts";
import { selects } from "./field.ts";
import { type MeshSettings, readMeshSettings } from "./mesh-settings.ts";
import type { Place, Report } from "./place.ts";
import { type Resources, readResources } from "./resources.ts";
import { type Service, Services } from "./services.ts";
import { readWorkloads, type Workload } from "./workloads.ts";

/** Everything that the files say, indexed for the checks that look at several objects. */
export class World {
  readonly objects: readonly KubeObject[];
  readonly resources: Resources;
  readonly services: Services;
  readonly workloads: readonly Workload[];
  readonly mesh: MeshSettings;
  readonly contracts: Contracts;
  readonly #report: Report;
  readonly #workloads = new Map<string, Workload[]>();
  readonly #configMaps = new Map<string, KubeObject>();
  readonly #namespaces: ReadonlyMap<string, KubeObject>;
  /** By one label, so that a selector looks at few workloads. */
  readonly #byLabel = new Map<string, Workload[]>();
  /** By one label of the selector, so that a workload looks at few Services. */
  readonly #selecting = new Map<string, Service[]>();

  constructor(objects: readonly KubeObject[], contracts: Contracts, report: Report) {
    this.objects = objects;
    this.#report = report;
    this.contracts = contracts;
    this.resources = readResources(objects, report);
    this.services = new Services(objects, this.resources.ServiceEntry);
    this.workloads = readWorkloads(objects);
    this.mesh = readMeshSettings(objects);
    // Of two that have a name the first counts.
    const namespaces = this.objectsOf("Namespace").reverse();
    this.#namespaces = new Map(namespaces.map((object) => [object.metadata.name, object]));
    for (const object of this.objectsOf("ConfigMap")) {
      this.#configMaps.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
    }
    for (const workload of this.workloads) {
      push(this.#workloads, workload.namespace, workload);
      for (const label of Object.entries(workload.labels))
        push(this.#byLabel, keyOf(workload.namespace, label), workload);
    }
    for (const service of this.services.all) {
      const [label] = Object.entries(service.selector);
      if (label) push(this.#selecting, keyOf(service.namespace, label), service);
    }
  }

  at(object: KubeObject): Place {
    return this.#report.at(object);
  }

  /** The Namespace of that name, where the files have it. */
  namespace(name: string): KubeObject | undefined {
    return this.#namespaces.get(name);
  }

  workloadsIn(namespace: string): readonly Workload[] {
    return this.#workloads.get(namespace) ?? [];
  }

  /** The workloads of a namespace that have all labels of a selector; all of them for an empty one. */
  selected(namespace: string, selector: Record<string, string>): readonly Workload[] {
    const [label] = Object.entries(selector);
    if (!label) return this.workloadsIn(namespace);
    return (this.#byLabel.get(keyOf(namespace, label)) ?? []).filter(({ labels }) => selects(selector, labels));
  }

  /** The workloads behind a Service; none for a host of a ServiceEntry. */
  workloadsOf(service: Service): readonly Workload[] {
    return Object.keys(service.selector).length > 0 ? this.selected(service.namespace, service.selector) : [];
  }

  /** The Services of Kubernetes' core that lead to a workload. */
  servicesOf(workload: Workload): Service[] {
    return Object.entries(workload.labels)
      .flatMap((label) => this.#selecting.get(keyOf(workload.namespace, label)) ?? [])
      .filter(({ selector }) => selects(selector, workload.labels));
  }

  configMap(namespace: string, name: string): KubeObject | undefined {
    return this.#configMaps.get(`${namespace}/${name}`);
  }

  objectsOf(kind: string, group = ""): KubeObject[] {
    return this.objects.filter((object) => object.kind === kind && groupOf(object.apiVersion) === group);
  }
}

function keyOf(namespace: string, [name, value]: [string, string]): string {
  return `${namespace} ${name}=${value}`;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
