import type { KubeObject } from "../kube-object.ts";
import { listAt, numberAt, textAt, textsAt } from "./field.ts";

/** Pods that run, or that a Deployment or its like makes. */
export interface Workload {
  object: KubeObject;
  name: string;
  namespace: string;
  /** Of the pods. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  serviceAccount: string;
  /** The most replicas there can be, by the HorizontalPodAutoscaler or the workload itself. */
  replicas: number;
  /** Where the pod's spec stands in the object. */
  podPath: (string | number)[];
}

const templated = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"]);

export function readWorkloads(objects: readonly KubeObject[]): Workload[] {
  const scaled = readAutoscalers(objects);
  return objects.flatMap((object) => {
    if (object.kind === "Pod") return [readPod(object)];
    return templated.has(object.kind) ? [readTemplate(object, scaled)] : [];
  });
}

function readPod(object: KubeObject): Workload {
  const { name, namespace, labels, annotations } = object.metadata;
  const serviceAccount = textAt(object.spec, "serviceAccountName") ?? "default";
  return { object, name, namespace, labels, annotations, serviceAccount, replicas: 1, podPath: ["spec"] };
}

function readTemplate(object: KubeObject, scaled: Map<string, number>): Workload {
  const { name, namespace } = object.metadata;
  const { spec } = object;
  return {
    object,
    name,
    namespace,
    labels: textsAt(spec, "template", "metadata", "labels"),
    annotations: textsAt(spec, "template", "metadata", "annotations"),
    serviceAccount: textAt(spec, "template", "spec", "serviceAccountName") ?? "default",
    replicas: scaled.get(`${namespace}/${object.kind}/${name}`) ?? numberAt(spec, "replicas") ?? 1,
    podPath: ["spec", "template", "spec"],
  };
}

function readAutoscalers(objects: readonly KubeObject[]): Map<string, number> {
  const scaled = new Map<string, number>();
  for (const { kind, metadata, spec } of objects) {
    if (kind !== "HorizontalPodAutoscaler") continue;
    const target = `${textAt(spec, "scaleTargetRef", "kind")}/${textAt(spec, "scaleTargetRef", "name")}`;
    scaled.set(`${metadata.namespace}/${target}`, numberAt(spec, "maxReplicas") ?? 1);
  }
  return scaled;
}

/** Every text that the containers of a workload get as an environment variable, without following references. */
export function environmentOf(workload: Workload): string[] {
  return listAt(workload.object.raw, ...workload.podPath, "containers").flatMap((container) =>
    listAt(container, "env").flatMap((variable) => textAt(variable, "value") ?? []),
  );
}
