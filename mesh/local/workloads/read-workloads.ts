import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import type { IntOrPercent, Strategy } from "../supervisor/rollout.ts";
import { Cursor } from "./cursor.ts";
import { readAutoscaling } from "./read-autoscaling.ts";
import { defined, isGrpcName, readContainer } from "./read-container.ts";
import { readClaims } from "./volumes.ts";
import type { Autoscaling, Container, RunPlan, Workload } from "./workload.ts";

/** An image that skaffold builds, and the folder it is built from. */
export interface Artifact {
  readonly image: string;
  readonly context: string;
}

export interface ReadWorkloads {
  readonly workloads: readonly Workload[];
  readonly findings: readonly Finding[];
}

/** The annotation that says how a workload runs on a laptop, when it is not a `main.ts`: a shell command. */
export const runAnnotation = "mainsheet.dev/run";

/**
 * The Deployments among Kubernetes objects, with their ConfigMaps' autoscalers and Services. Never throws: a Deployment that
 * cannot run is left out and explained by findings.
 */
export function readWorkloads(objects: readonly KubeObject[], artifacts: readonly Artifact[] = []): ReadWorkloads {
  const findings: Finding[] = [];
  const workloads: Workload[] = [];
  const autoscalers = readAutoscalers(objects, findings);
  for (const object of objects) {
    if (notRunHere.has(object.kind)) new Cursor(object, findings).get("kind").report("M921", "warning", notRun(object));
    if (object.kind !== "Deployment") continue;
    const own: Finding[] = [];
    const workload = readDeployment(object, { objects, artifacts, autoscalers, findings: own });
    findings.push(...own);
    if (workload && !own.some((finding) => finding.severity === "error")) workloads.push(workload);
  }
  return { workloads, findings };
}

const notRunHere = new Set(["StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod"]);

function notRun(object: KubeObject): string {
  return `${object.kind} is not run locally; Deployments are`;
}

interface Context {
  readonly objects: readonly KubeObject[];
  readonly artifacts: readonly Artifact[];
  readonly autoscalers: ReadonlyMap<string, Autoscaling>;
  readonly findings: Finding[];
}

function readDeployment(object: KubeObject, context: Context): Workload | undefined {
  const spec = new Cursor(object, context.findings).get("spec");
  spec.only(deploymentFields);
  const template = spec.get("template");
  const pod = template.get("spec");
  const { namespace, name } = object.metadata;
  const container = readOnlyContainer(pod, { namespace, objects: context.objects });
  if (!container) return undefined;
  const labels = template.get("metadata", "labels").stringMap();
  checkSelector(spec, labels);
  const run = planRun({ object, template, image: container.image, artifacts: context.artifacts });
  if (!run) return undefined;
  return {
    system: systemOf(object),
    namespace,
    name,
    file: object.source.file,
    folder: run.folder,
    replicas: spec.get("replicas").integer(0) ?? 1,
    strategy: readStrategy(spec.get("strategy")),
    minReadySeconds: spec.get("minReadySeconds").integer(0) ?? 0,
    labels,
    serviceAccount: pod.get("serviceAccountName").string() ?? "default",
    terminationGracePeriodSeconds: pod.get("terminationGracePeriodSeconds").integer(0) ?? 30,
    container: { ...container, ports: withServiceNames(container, { namespace, labels, objects: context.objects }) },
    run: run.plan,
    ...defined({ autoscaling: context.autoscalers.get(`${namespace}/${name}`) }),
  };
}

const deploymentFields = [
  ...["replicas", "selector", "template", "strategy", "minReadySeconds", "revisionHistoryLimit"],
  ...["progressDeadlineSeconds", "paused"],
];

function readOnlyContainer(
  pod: Cursor,
  of: { namespace: string; objects: readonly KubeObject[] },
): Container | undefined {
  const containers = pod.get("containers").items();
  const [first] = containers;
  if (!first) {
    pod.get("containers").refuse("must list a container");
    return undefined;
  }
  for (const more of containers.slice(1)) {
    more.report("M921", "warning", "is not run locally: only the first container is");
  }
  for (const init of pod.get("initContainers").items()) init.report("M921", "warning", "is not run locally");
  return { ...readContainer(first), mounts: readClaims(pod, first, of) };
}

function checkSelector(spec: Cursor, labels: Record<string, string>): void {
  const selector = spec.get("selector", "matchLabels");
  for (const [key, value] of Object.entries(selector.stringMap())) {
    if (labels[key] !== value) selector.get(key).refuse("does not match the labels of spec.template.metadata");
  }
}

function readStrategy(at: Cursor): Strategy {
  const type = at.get("type").string() ?? "RollingUpdate";
  if (type === "Recreate") return { type };
  if (type !== "RollingUpdate") at.get("type").refuse("must be RollingUpdate or Recreate");
  const rolling = at.get("rollingUpdate");
  return {
    type: "RollingUpdate",
    maxSurge: readIntOrPercent(rolling.get("maxSurge")),
    maxUnavailable: readIntOrPercent(rolling.get("maxUnavailable")),
  };
}

function readIntOrPercent(at: Cursor): IntOrPercent {
  const { value } = at;
  if (value === undefined || value === null) return "25%";
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  if (isPercent(value)) return value;
  at.refuse('must be a number of replicas or a percentage such as "25%"');
  return "25%";
}

function isPercent(value: unknown): value is `${number}%` {
  return typeof value === "string" && /^\d+%$/.test(value);
}

function planRun(of: {
  object: KubeObject;
  template: Cursor;
  image: string;
  artifacts: readonly Artifact[];
}): { plan: RunPlan; folder: string } | undefined {
  const beside = resolve(dirname(of.object.source.file));
  const annotations = of.template.get("metadata", "annotations").stringMap();
  const command = annotations[runAnnotation] ?? of.object.metadata.annotations[runAnnotation];
  if (command !== undefined) return { plan: { type: "command", command }, folder: beside };
  const context = of.artifacts.find((artifact) => artifact.image === nameOfImage(of.image))?.context;
  for (const folder of [...(context ? [resolve(context)] : []), beside]) {
    const entry = join(folder, "main.ts");
    if (existsSync(entry)) return { plan: { type: "bundle", entry }, folder };
  }
  of.template
    .get("spec", "containers")
    .refuse("cannot be run: there is no main.ts beside it", `say how in the annotation ${runAnnotation}`);
  return undefined;
}

/** Without tag and digest: `registry:5000/siren/product:1` is `registry:5000/siren/product`. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
}

/** `services/siren/product/k8s.yaml` belongs to siren. */
function systemOf(object: KubeObject): string {
  const folder = dirname(dirname(resolve(object.source.file)));
  return basename(dirname(folder)) === "services" ? basename(folder) : object.metadata.namespace;
}

function readAutoscalers(objects: readonly KubeObject[], findings: Finding[]): Map<string, Autoscaling> {
  const byTarget = new Map<string, Autoscaling>();
  for (const object of objects) {
    if (object.kind !== "HorizontalPodAutoscaler") continue;
    const spec = new Cursor(object, findings).get("spec");
    const target = spec.get("scaleTargetRef");
    const autoscaling = readAutoscaling(spec);
    const name = target.get("name").string();
    if (target.get("kind").string() !== "Deployment") target.refuse("must be a Deployment");
    else if (autoscaling) byTarget.set(`${object.metadata.namespace}/${name}`, autoscaling);
  }
  return byTarget;
}

/** A Service may name a port that the container leaves without a name. */
function withServiceNames(
  container: Container,
  of: { namespace: string; labels: Record<string, string>; objects: readonly KubeObject[] },
): Container["ports"] {
  const targets = new Set<unknown>();
  for (const service of of.objects) {
    if (service.kind !== "Service" || service.metadata.namespace !== of.namespace || !isRecord(service.spec)) continue;
    const selector = isRecord(service.spec["selector"]) ? Object.entries(service.spec["selector"]) : [];
    if (selector.length === 0 || !selector.every(([key, value]) => of.labels[key] === value)) continue;
    const ports = Array.isArray(service.spec["ports"]) ? service.spec["ports"].filter(isRecord) : [];
    for (const port of ports) if (isGrpcPort(port)) targets.add(port["targetPort"] ?? port["port"]);
  }
  return container.ports.map((port) => ({
    ...port,
    grpc: port.grpc || targets.has(port.containerPort) || (port.name !== "" && targets.has(port.name)),
  }));
}

function isGrpcPort(port: Record<string, unknown>): boolean {
  return port["appProtocol"] === "grpc" || isGrpcName(String(port["name"] ?? ""));
}
