import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { passingAuthority } from "./certificates.ts";
import { compileProxies } from "./compile-proxies.ts";
import { credentialsOf } from "./credentials.ts";
import type { Json } from "./envoy-api.ts";
import { findingsOfShortfalls, uniqueFindings } from "./findings.ts";
import { keysWithoutFetching } from "./jwks.ts";
import { localize } from "./localize/localize.ts";
import { toStaticBootstrap } from "./localize/static.ts";
import type { Place, Replica, ReplicaPort } from "./localize/types.ts";
import { defaultDescriptors, mountedFiles, servicesIn } from "./mounted-files.ts";
import { completeObjects, gateway } from "./pods.ts";
import { SecretStore } from "./secret-store.ts";

export interface CompiledLocally {
  /** What `envoy --mode validate` reads: everything that the laptop's Envoy would get, without ADS. */
  readonly bootstrap: Json;
  readonly findings: readonly Finding[];
}

const gatewayIp = "127.0.1.1";

/**
 * What `mesh up` would let Envoy run for these objects, as one static bootstrap: a replica for every Pod, or, where there are none, for
 * every Deployment.
 */
export async function compileLocally(objects: readonly KubeObject[]): Promise<CompiledLocally> {
  const replicas = replicasOf(objects);
  const { mesh, findings } = buildMesh(completeObjects(objects, replicas, gatewayIp), {
    fetchedKeys: keysWithoutFetching(objects),
  });
  const proxies = compileProxies(mesh, replicas, gatewayIp);
  const localized = localize(proxies.local, place());
  const store = new SecretStore({ authority: await passingAuthority() });
  const { secrets } = await store.resources(localized.secrets, credentialsOf(objects));
  return {
    bootstrap: toStaticBootstrap(localized, secrets),
    findings: uniqueFindings([...findings, ...proxies.findings, ...findingsOfShortfalls(localized.shortfalls)]),
  };
}

function place(): Place {
  return {
    fingerprint: "",
    gatewayPort: (port) => (port === 80 ? 8080 : port === 443 ? 8443 : port < 1024 ? port + 8000 : port),
    mountedFile: mountedFiles(defaultDescriptors()).find,
    servicesIn,
    tracesUrl: undefined,
  };
}

function replicasOf(objects: readonly KubeObject[]): Replica[] {
  const pods = objects.filter(({ kind }) => kind === "Pod");
  const sources = pods.length > 0 ? pods : objects.filter(({ kind }) => kind === "Deployment");
  return sources.flatMap((object, index) => {
    const template = object.kind === "Pod" ? object.raw : at(object.spec, "template");
    const labels = textsAt(at(template, "metadata"), "labels");
    if (labels["istio"] === gateway.labels.istio) return [];
    const { name, namespace } = object.metadata;
    const spec = at(template, "spec");
    return [
      {
        name: object.kind === "Pod" ? name : `${name}-1`,
        namespace,
        workload: name,
        labels,
        serviceAccount: String(at(spec, "serviceAccountName") ?? "default"),
        ip: `127.1.${index >> 8}.${(index & 255) + 1}`,
        ports: portsOf(spec, objects, { namespace, labels }),
        outbound: `unix:/tmp/mesh-${namespace}-${name}.sock`,
        ready: true,
      },
    ];
  });
}

/** The ports that the containers name and those that Services lead to. */
function portsOf(
  podSpec: unknown,
  objects: readonly KubeObject[],
  pod: { namespace: string; labels: Readonly<Record<string, string>> },
): ReplicaPort[] {
  const named = listAt(podSpec, "containers").flatMap((container) => listAt(container, "ports"));
  const ports = new Map<number, string>();
  for (const port of named) ports.set(Number(at(port, "containerPort")), String(at(port, "name") ?? ""));
  for (const service of objects) {
    if (service.kind !== "Service" || service.metadata.namespace !== pod.namespace) continue;
    const selector = Object.entries(textsAt(service.spec, "selector"));
    if (selector.length === 0 || !selector.every(([key, value]) => pod.labels[key] === value)) continue;
    for (const port of listAt(service.spec, "ports")) {
      const target = Number(at(port, "targetPort") ?? at(port, "port"));
      if (Number.isInteger(target) && !ports.has(target)) ports.set(target, String(at(port, "name") ?? ""));
    }
  }
  return [...ports].map(([containerPort, name]) => ({ name, containerPort, upstream: `127.0.0.1:${containerPort}` }));
}

function at(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function listAt(value: unknown, key: string): unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}

function textsAt(value: unknown, key: string): Record<string, string> {
  const found = at(value, key);
  return isRecord(found) ? Object.fromEntries(Object.entries(found).map(([name, text]) => [name, String(text)])) : {};
}
