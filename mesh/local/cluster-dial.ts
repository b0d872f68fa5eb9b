import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { type Dial, plainDial } from "./jwks.ts";
import type { Replica } from "./localize/types.ts";
import { gateway } from "./pods.ts";

/**
 * Where a URL of the cluster leads on this machine: a Service to the process of a ready replica, the gateway's Service and names
 * under `localhost` to the gateway, everything else to itself. For what the control plane fetches, which passes no sidecar.
 */
export function clusterDial(objects: readonly KubeObject[], replicas: readonly Replica[], gatewayPort: number): Dial {
  return (url) => {
    const [name = "", namespace = "", svc = "svc"] = url.hostname.split(".");
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const isGateway = name === gateway.name && namespace === gateway.namespace;
    if (isGateway || (url.hostname.endsWith(".localhost") && (port === 80 || port === 8080))) {
      return { host: "127.0.0.1", port: gatewayPort };
    }
    if (url.hostname.endsWith(".localhost")) return { host: "127.0.0.1", port };
    const upstream = svc === "svc" ? upstreamOf({ name, namespace, port }, objects, replicas) : undefined;
    return upstream ? addressOf(upstream) : plainDial(url);
  };
}

function upstreamOf(
  target: { name: string; namespace: string; port: number },
  objects: readonly KubeObject[],
  replicas: readonly Replica[],
): string | undefined {
  const service = objects.find(
    ({ kind, metadata }) =>
      kind === "Service" && metadata.name === target.name && metadata.namespace === target.namespace,
  );
  const spec = isRecord(service?.spec) ? service.spec : {};
  const selector = isRecord(spec["selector"]) ? Object.entries(spec["selector"]) : [];
  const ports = Array.isArray(spec["ports"]) ? spec["ports"].filter(isRecord) : [];
  const port = ports.find((candidate) => candidate["port"] === target.port);
  if (!port || selector.length === 0) return undefined;
  const wanted = port["targetPort"] ?? port["port"];
  const replica = replicas.find(
    ({ namespace, labels, ready }) =>
      ready && namespace === target.namespace && selector.every(([key, value]) => labels[key] === value),
  );
  return replica?.ports.find(({ name, containerPort }) => wanted === name || wanted === containerPort)?.upstream;
}

function addressOf(upstream: string): { socketPath: string } | { host: string; port: number } {
  if (upstream.startsWith("unix:")) return { socketPath: upstream.slice("unix:".length) };
  const colon = upstream.lastIndexOf(":");
  return { host: upstream.slice(0, colon), port: Number(upstream.slice(colon + 1)) };
}
