import { codes, type Finding, findingAt } from "#mesh/istio/finding.ts";
import { groupOf, type KubeObject } from "#mesh/istio/kube-object.ts";

/** Kinds that the compiler reads, by API group and kind, with the versions that it understands. */
const versions: Record<string, readonly string[]> = {
  "networking.istio.io": ["v1", "v1beta1", "v1alpha3"],
  "security.istio.io": ["v1", "v1beta1"],
  "telemetry.istio.io": ["v1", "v1alpha1"],
};

const kinds: Record<string, readonly string[]> = {
  "networking.istio.io": [
    "VirtualService",
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "WorkloadEntry",
    "WorkloadGroup",
    "Sidecar",
    "EnvoyFilter",
  ],
  "security.istio.io": ["PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy"],
  "telemetry.istio.io": ["Telemetry"],
};

/** Groups of Kubernetes itself and of tools beside it, whose kinds say nothing about traffic. */
const plainGroups =
  /^(|apps|batch|autoscaling|policy|discovery\.k8s\.io|rbac\.authorization\.k8s\.io|storage\.k8s\.io|apiextensions\.k8s\.io|admissionregistration\.k8s\.io|scheduling\.k8s\.io|kustomize\.config\.k8s\.io|skaffold)$/;

/** The objects of an input by kind, each object once: the last document of several for one object counts. */
export class Inventory {
  readonly findings: Finding[] = [];
  readonly #byKind = new Map<string, KubeObject[]>();

  constructor(objects: readonly KubeObject[]) {
    const seen = new Map<string, KubeObject>();
    for (const object of objects) {
      const group = groupOf(object.apiVersion);
      if (!this.#understands(object, group)) continue;
      const { namespace, name } = object.metadata;
      const key = `${group}/${object.kind}/${namespace}/${name}`;
      const earlier = seen.get(key);
      if (earlier) this.#reportDuplicate(earlier, object);
      seen.set(key, object);
    }
    for (const object of seen.values()) {
      const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
      const list = this.#byKind.get(kind);
      if (list) list.push(object);
      else this.#byKind.set(kind, [object]);
    }
  }

  /** Objects of a kind, such as `networking.istio.io/VirtualService`, or `/Service` for Kubernetes' core. */
  of(kind: string): KubeObject[] {
    return this.#byKind.get(kind) ?? [];
  }

  #understands(object: KubeObject, group: string): boolean {
    const known = versions[group];
    if (!known) {
      if (!plainGroups.test(group)) this.#reportUnknownKind(object, "nothing here reads it, it has no effect");
      return true;
    }
    const version = object.apiVersion.slice(group.length + 1);
    if (!known.includes(version) && !(group === "networking.istio.io" && version === "v1alpha3")) {
      this.#reportUnknownKind(object, `Istio has no version ${version} of it: write ${known[0]}`);
      return false;
    }
    if (kinds[group]?.includes(object.kind)) return true;
    const message = `${object.kind} is not supported yet: it has no effect here`;
    this.findings.push(findingAt(object.source, ["kind"], { problem: "unsupported", message, hint: "leave it out" }));
    return false;
  }

  #reportUnknownKind(object: KubeObject, message: string): void {
    const text = `${object.apiVersion} ${object.kind}: ${message}`;
    const hint = "check apiVersion and kind, or ignore this note";
    this.findings.push(findingAt(object.source, ["kind"], { problem: "unknownKind", message: text, hint }));
  }

  #reportDuplicate(earlier: KubeObject, later: KubeObject): void {
    const { line, column } = later.source.locate(["metadata", "name"]);
    const first = earlier.source.locate(["metadata", "name"]);
    this.findings.push({
      ...codes.duplicateObject,
      file: later.source.file,
      line,
      column,
      path: "metadata.name",
      message: `${later.kind} ${later.metadata.namespace}/${later.metadata.name} is already defined at ${earlier.source.file}:${first.line}; this one counts`,
      hint: "rename one of the two, or merge them",
    });
  }
}
