import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";

/** The URLs under which the gateway serves systems: hosts of Gateways and VirtualServices under `.localhost`, shortest first. */
export function gatewayUrls(objects: readonly KubeObject[], systems: readonly string[], port: number): string[] {
  if (port === 0) return [];
  const hosts = new Set(objects.flatMap(hostsOf).filter((host) => /^[a-z0-9.-]+\.localhost$/.test(host)));
  const wanted = [...hosts].filter((host) => systems.some((system) => `.${host}`.endsWith(`.${system}.localhost`)));
  return wanted
    .toSorted((a, b) => a.split(".").length - b.split(".").length || (a < b ? -1 : 1))
    .map((host) => `http://${host}:${port}`);
}

function hostsOf({ kind, spec }: KubeObject): string[] {
  if (!isRecord(spec)) return [];
  if (kind === "VirtualService") return texts(spec["hosts"]);
  if (kind !== "Gateway" || !Array.isArray(spec["servers"])) return [];
  const servers = spec["servers"].filter(isRecord);
  return servers.flatMap((server) => texts(server["hosts"]).map((host) => host.slice(host.indexOf("/") + 1)));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
