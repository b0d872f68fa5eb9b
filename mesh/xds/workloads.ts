import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { type PodSpec, pod as podShape, workloadSpec } from "#mesh/istio/kubernetes.ts";
import { readPart } from "#mesh/istio/resource.ts";
import type { Inventory } from "./inventory.ts";

/** A pod that runs, or one that a Deployment would make. */
export interface Workload {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  serviceAccount: string;
  /** Empty for the pods of a Deployment, which have no address yet. */
  ip: string;
  ready: boolean;
  node: string;
  /** What made the pod, as Istio names workloads. */
  owner: string;
  /** Container ports by name. */
  ports: { name: string; number: number; protocol: string }[];
  locality: string;
}

/** The pods of an input, by name and by address, and what its Deployments would make. */
export class Workloads {
  readonly pods: Workload[];
  readonly templates: Workload[];
  readonly #byName = new Map<string, Workload>();
  readonly #byAddress = new Map<string, Workload>();

  constructor(inventory: Inventory, findings: Finding[]) {
    const nodes = new Map(inventory.of("/Node").map((node) => [node.metadata.name, localityOfNode(node)]));
    this.pods = inventory.of("/Pod").map((object) => readPod(object, nodes, findings));
    this.templates = ["Deployment", "StatefulSet", "DaemonSet"].flatMap((kind) =>
      inventory.of(`apps/${kind}`).map((object) => readTemplate(object, findings)),
    );
    for (const workload of this.pods) {
      this.#byName.set(`${workload.namespace}/${workload.name}`, workload);
      if (workload.ip !== "") this.#byAddress.set(workload.ip, workload);
    }
  }

  named(namespace: string, name: string): Workload | undefined {
    return this.#byName.get(`${namespace}/${name}`);
  }

  at(ip: string): Workload | undefined {
    return this.#byAddress.get(ip);
  }
}

function readPod(object: KubeObject, nodes: Map<string, string>, findings: Finding[]): Workload {
  const read = readPart(object, [], { shape: podShape, findings }) ?? {};
  const { name, namespace, labels } = object.metadata;
  const spec = read.spec ?? {};
  const ready = read.status?.conditions?.find((condition) => condition.type === "Ready");
  return {
    ...fromSpec(spec),
    name,
    namespace,
    labels,
    ip: read.status?.podIP ?? "",
    ready: ready?.status === "True",
    owner: ownerOf(name, read.metadata?.ownerReferences ?? [], labels),
    locality: localityLabel(labels) ?? nodes.get(spec.nodeName ?? "") ?? "",
  };
}

function readTemplate(object: KubeObject, findings: Finding[]): Workload {
  const { template } = readPart(object, ["spec"], { shape: workloadSpec, findings }) ?? {};
  const labels = template?.metadata?.labels ?? {};
  const { name, namespace } = object.metadata;
  return {
    ...fromSpec(template?.spec ?? {}),
    name,
    namespace,
    labels,
    ip: "",
    ready: true,
    owner: name,
    locality: localityLabel(labels) ?? "",
  };
}

function fromSpec(spec: PodSpec): Pick<Workload, "serviceAccount" | "node" | "ports"> {
  return {
    serviceAccount: spec.serviceAccountName || "default",
    node: spec.nodeName ?? "",
    ports: (spec.containers ?? [])
      .flatMap((container) => container.ports ?? [])
      .map((port) => ({ name: port.name ?? "", number: port.containerPort ?? 0, protocol: port.protocol ?? "TCP" })),
  };
}

/** A pod of a ReplicaSet is named after its Deployment: the ReplicaSet's name without its hash. */
function ownerOf(
  name: string,
  references: { kind?: string; name?: string; controller?: boolean }[],
  labels: Record<string, string>,
): string {
  const owner = references.find((reference) => reference.controller);
  if (!owner?.name) return name;
  const hash = labels["pod-template-hash"];
  return owner.kind === "ReplicaSet" && hash && owner.name.endsWith(`-${hash}`)
    ? owner.name.slice(0, -hash.length - 1)
    : owner.name;
}

function localityLabel(labels: Record<string, string>): string | undefined {
  return labels["istio-locality"]?.replaceAll(".", "/");
}

function localityOfNode(node: KubeObject): string {
  const labels = isRecord(node.metadata.labels) ? node.metadata.labels : {};
  const region = labels["topology.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? "";
  const subzone = labels["topology.istio.io/subzone"] ?? "";
  return region === "" && zone === "" && subzone === "" ? "" : [region, zone, subzone].join("/");
}
