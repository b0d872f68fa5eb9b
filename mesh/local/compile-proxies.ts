import type { Finding } from "#mesh/istio/finding.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import type { Mesh } from "#mesh/xds/mesh.ts";
import { objectAt } from "./localize/json.ts";
import type { Compiled, LocalProxy, Replica } from "./localize/types.ts";
import { gateway } from "./pods.ts";

export interface CompiledProxies {
  readonly local: readonly LocalProxy[];
  /** The ports that the Gateways serve. */
  readonly gatewayPorts: readonly number[];
  readonly findings: readonly Finding[];
}

/**
 * What istiod would push to every replica and to the gateway. Replicas with the same labels, namespace and service account get the
 * same, so one compilation serves them all.
 */
export function compileProxies(mesh: Mesh, replicas: readonly Replica[], gatewayIp: string): CompiledProxies {
  const findings: Finding[] = [];
  const byKind = new Map<string, Compiled>();
  const sidecars = replicas.map((replica) => {
    const { name, namespace, serviceAccount, ip, labels } = replica;
    const kind = JSON.stringify([namespace, serviceAccount, labels]);
    const kept = byKind.get(kind);
    if (kept) return { name, namespace, serviceAccount, ip, replica, compiled: kept };
    const made = compileProxy(mesh, { name, namespace, labels: { ...labels }, ip, type: "sidecar", serviceAccount });
    findings.push(...made.findings);
    byKind.set(kind, made);
    return { name, namespace, serviceAccount, ip, replica, compiled: made };
  });
  const edge = compileProxy(mesh, { ...gateway, labels: { ...gateway.labels }, ip: gatewayIp, type: "router" });
  findings.push(...edge.findings);
  return {
    local: [...sidecars, { ...gateway, ip: gatewayIp, compiled: edge }],
    gatewayPorts: edge.listeners.map((listener) =>
      Number(objectAt(objectAt(listener, "address"), "socket_address")["port_value"]),
    ),
    findings,
  };
}
