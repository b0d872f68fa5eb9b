import type { Cursor } from "./cursor.ts";
import { parseQuantity } from "./quantity.ts";
import { readPreStop, readProbe } from "./read-probe.ts";
import type { Container, ContainerPort, EnvVariable } from "./workload.ts";

/** Fields that mean nothing to a process that runs outside a container, or that are read elsewhere. */
const known = [
  ...["name", "image", "imagePullPolicy", "command", "args", "env", "envFrom", "ports", "resources", "lifecycle"],
  ...["startupProbe", "livenessProbe", "readinessProbe", "securityContext", "volumeMounts", "workingDir", "tty"],
  ...["terminationMessagePath", "terminationMessagePolicy", "stdin", "volumeDevices", "resizePolicy"],
];

/** A container but for its mounts, which the pod's volumes decide. */
export function readContainer(at: Cursor): Omit<Container, "mounts"> {
  at.only(known);
  const ports = at.get("ports").items().flatMap(readPort);
  const preStop = readPreStop(at.get("lifecycle", "preStop"));
  const probes = {
    startup: readProbe(at.get("startupProbe"), ports),
    liveness: readProbe(at.get("livenessProbe"), ports),
    readiness: readProbe(at.get("readinessProbe"), ports),
  };
  return {
    name: at.get("name").required(at.get("name").string()) ?? "",
    image: at.get("image").required(at.get("image").string()) ?? "",
    command: strings(at.get("command")),
    args: strings(at.get("args")),
    env: [...at.get("envFrom").items().flatMap(readEnvFrom), ...at.get("env").items().flatMap(readEnv)],
    ports,
    probes: defined(probes),
    ...defined({
      preStop,
      cpuRequest: readQuantity(at.get("resources", "requests", "cpu")),
      memoryRequestBytes: readQuantity(at.get("resources", "requests", "memory")),
      memoryLimitBytes: readQuantity(at.get("resources", "limits", "memory")),
    }),
  };
}

function readPort(at: Cursor): ContainerPort[] {
  at.only(["name", "containerPort", "protocol", "hostPort", "hostIP"]);
  const containerPort = at.get("containerPort").required(at.get("containerPort").integer(1, 65_535));
  if (containerPort === undefined) return [];
  const name = at.get("name").string() ?? "";
  return [{ name, containerPort, grpc: isGrpcName(name) }];
}

/** Istio's rule: a port's protocol is its name up to a dash (istio.io, "protocol selection"). */
export function isGrpcName(portName: string): boolean {
  return /^grpc(-|$)/.test(portName);
}

function readEnvFrom(at: Cursor): EnvVariable[] {
  const prefix = at.get("prefix").string() ?? "";
  for (const [key, from] of [
    ["configMapRef", "allOfConfigMap"],
    ["secretRef", "allOfSecret"],
  ] as const) {
    const ref = at.get(key);
    const object = ref.get("name").string();
    if (object) return [{ from, prefix, object, optional: ref.get("optional").boolean() ?? false }];
  }
  at.refuse("needs configMapRef or secretRef with a name");
  return [];
}

function readEnv(at: Cursor): EnvVariable[] {
  const name = at.get("name").required(at.get("name").string());
  if (!name) return [];
  const source = at.get("valueFrom");
  if (!source.present) return [{ from: "value", name, value: at.get("value").string() ?? "" }];
  for (const [key, from] of [
    ["configMapKeyRef", "configMap"],
    ["secretKeyRef", "secret"],
  ] as const) {
    const ref = source.get(key);
    const object = ref.get("name").string();
    const item = ref.get("key").string();
    if (object && item) return [{ from, name, object, key: item, optional: ref.get("optional").boolean() ?? false }];
  }
  const fieldPath = source.get("fieldRef", "fieldPath").string();
  if (fieldPath) return [{ from: "field", name, fieldPath }];
  const resource = source.get("resourceFieldRef", "resource").string();
  if (resource) return [{ from: "resource", name, resource }];
  source.refuse("needs configMapKeyRef, secretKeyRef (name and key), fieldRef or resourceFieldRef");
  return [];
}

function readQuantity(at: Cursor): number | undefined {
  if (!at.present) return undefined;
  const { value } = at;
  const quantity = typeof value === "string" || typeof value === "number" ? parseQuantity(value) : undefined;
  if (quantity === undefined) at.refuse("is no quantity", 'write for example "250m" or "128Mi"');
  return quantity;
}

function strings(at: Cursor): string[] {
  return at.items().map((item) => item.string() ?? "");
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
