import { isRecord, type KubeObject, textEntries } from "#mesh/istio/kube-object.ts";
import { type EnvVariable, type Workload, workloadId } from "./workload.ts";

/** Variables with what ConfigMaps and Secrets hold filled in; fields of the pod are known only for a replica. */
export type TemplateVariable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly fieldPath: string };

export interface Pod {
  readonly name: string;
  readonly ip: string;
  readonly workload: Workload;
}

/** The value of a Secret that no file declares. */
export type SecretValue = (namespace: string, name: string, key: string) => string;

/**
 * What a Deployment's env and envFrom say.
 *
 * @throws when a ConfigMap or a key does not exist and is not optional, as a container then does not start
 */
export function resolveVariables(
  workload: Workload,
  objects: readonly KubeObject[],
  secretValue: SecretValue,
): TemplateVariable[] {
  const { namespace } = workload;
  const dataOf = (kind: string, name: string) => {
    const found = objects.findLast(
      ({ kind: k, metadata }) => k === kind && metadata.namespace === namespace && metadata.name === name,
    );
    return found && readData(found);
  };
  const resolve = (variable: EnvVariable): TemplateVariable[] => {
    switch (variable.from) {
      case "value":
        return [{ name: variable.name, value: variable.value }];
      case "field":
        return [{ name: variable.name, fieldPath: variable.fieldPath }];
      case "resource":
        return [{ name: variable.name, value: resourceValue(workload, variable.resource) }];
      case "secret": {
        const data = dataOf("Secret", variable.object);
        const value = data ? data[variable.key] : secretValue(namespace, variable.object, variable.key);
        return keyed(variable, value);
      }
      case "configMap":
        return keyed(variable, dataOf("ConfigMap", variable.object)?.[variable.key]);
      case "allOfConfigMap":
      case "allOfSecret": {
        const data = dataOf(variable.from === "allOfSecret" ? "Secret" : "ConfigMap", variable.object);
        if (!data && !variable.optional) throw missing(workload, variable.object);
        return Object.entries(data ?? {}).map(([key, value]) => ({ name: `${variable.prefix}${key}`, value }));
      }
    }
  };
  const keyed = (
    variable: Extract<EnvVariable, { key: string }>,
    value: string | undefined,
  ): { name: string; value: string }[] => {
    if (value === undefined && !variable.optional) throw missing(workload, `${variable.object}, key ${variable.key}`);
    return value === undefined ? [] : [{ name: variable.name, value }];
  };
  return workload.container.env.flatMap(resolve);
}

function missing(workload: Workload, what: string): Error {
  return new Error(
    `${workloadId(workload)} refers to ${what}, which does not exist in namespace ${workload.namespace}`,
  );
}

/** The environment of one replica: fields filled in, `$(NAME)` expanded in the order of the list, as Kubernetes does. */
export function expandVariables(variables: readonly TemplateVariable[], pod: Pod): Record<string, string> {
  const env: Record<string, string> = {};
  for (const variable of variables) {
    env[variable.name] = "value" in variable ? expand(variable.value, env) : fieldValue(variable.fieldPath, pod);
  }
  return env;
}

/** `$$` stands for `$`; a name that is not known stays as it is written. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );
}

function fieldValue(path: string, { name, ip, workload }: Pod): string {
  const label = /^metadata\.labels\['(.+)'\]$/.exec(path)?.[1];
  if (label) return workload.labels[label] ?? "";
  const fields: Record<string, string> = {
    "metadata.name": name,
    "metadata.namespace": workload.namespace,
    "metadata.uid": name,
    "spec.serviceAccountName": workload.serviceAccount,
    "spec.nodeName": "localhost",
    "status.podIP": ip,
    "status.podIPs": ip,
    "status.hostIP": "127.0.0.1",
  };
  return fields[path] ?? "";
}

function resourceValue({ container }: Workload, resource: string): string {
  const { cpuRequest = 0, memoryRequestBytes = 0, memoryLimitBytes = 0 } = container;
  const values: Record<string, number> = {
    "requests.cpu": Math.ceil(cpuRequest),
    "requests.memory": memoryRequestBytes,
    "limits.memory": memoryLimitBytes,
  };
  return String(values[resource] ?? 0);
}

/** `data` of a ConfigMap as it is; of a Secret decoded, with `stringData` over it. */
function readData({ kind, raw }: KubeObject): Record<string, string> {
  const document = isRecord(raw) ? raw : {};
  const data = textEntries(document["data"]);
  if (kind !== "Secret") return data;
  const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()] as const);
  return { ...Object.fromEntries(decoded), ...textEntries(document["stringData"]) };
}
