import type { Resource } from "#mesh/istio/resource.ts";
import type { PeerAuthentication } from "#mesh/istio/security.ts";
import type { Mesh } from "./mesh.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";

/** How a workload takes connections. PERMISSIVE, which takes mutual TLS and plain text, is what counts when nothing is said. */
export type MutualTlsMode = "DISABLE" | "PERMISSIVE" | "STRICT";

/** The mode of a namespace as its clients know it: policies for single workloads do not count there. */
export function mutualTlsMode(mesh: Mesh, namespace: string): MutualTlsMode {
  const { rootNamespace } = mesh.settings;
  const general = (where: string): MutualTlsMode | undefined => modeOf(mesh.peerAuthentications.find(isGeneral(where)));
  return (namespace === rootNamespace ? undefined : general(namespace)) ?? general(rootNamespace) ?? "PERMISSIVE";
}

/** The mode of one port of a workload: of its own policy, else of its namespace, else of the mesh. */
export function workloadMutualTls(
  mesh: Mesh,
  proxy: Pick<Proxy, "namespace" | "labels">,
): { mode: MutualTlsMode; ports: Map<number, MutualTlsMode> } {
  const { rootNamespace } = mesh.settings;
  const own = mesh.peerAuthentications.find(
    (policy) =>
      policy.namespace === proxy.namespace &&
      policy.namespace !== rootNamespace &&
      hasSelector(policy) &&
      labelsMatch(policy.spec.selector?.matchLabels ?? {}, proxy.labels),
  );
  const mode = modeOf(own) ?? mutualTlsMode(mesh, proxy.namespace);
  const ports = new Map<number, MutualTlsMode>();
  for (const [port, { mode: word }] of Object.entries(own?.spec.portLevelMtls ?? {})) {
    ports.set(Number(port), word === undefined || word === "UNSET" ? mode : word);
  }
  return { mode, ports };
}

function isGeneral(namespace: string): (policy: Resource<PeerAuthentication>) => boolean {
  return (policy) => policy.namespace === namespace && !hasSelector(policy);
}

function hasSelector({ spec }: Resource<PeerAuthentication>): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
}

function modeOf(policy: Resource<PeerAuthentication> | undefined): MutualTlsMode | undefined {
  const mode = policy?.spec.mtls?.mode;
  return mode === "UNSET" ? undefined : mode;
}
