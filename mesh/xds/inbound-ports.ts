import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { SidecarIngress } from "#mesh/istio/sidecar.ts";
import type { Compilation } from "./compilation.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { type Protocol, parseProtocol } from "./protocol.ts";
import type { Proxy } from "./proxy.ts";
import type { Service } from "./service.ts";
import { serviceTargets } from "./service-targets.ts";

/** A port on which a workload is called. */
export interface InboundPort {
  /** The port that callers name: of the service, or of the Sidecar's ingress. */
  servicePort: number;
  /** The workload's own port, which connections arrive for. */
  targetPort: number;
  protocol: Protocol;
  bind: string;
  /** Whether it is a listener of its own, and not a part of the one that everything is redirected to. */
  bindToPort: boolean;
  /** All services behind the port; the first decides. */
  services: Service[];
  ingress: SidecarIngress | undefined;
  /** Names the port in traces. */
  hostname: string;
  origin: KubeObject | undefined;
}

/** The ports of a sidecar's workload: of its services, or those that its Sidecar lists instead. */
export function inboundPorts(compilation: Compilation): InboundPort[] {
  const ingress = compilation.scope.sidecar?.spec.ingress ?? [];
  const ports = ingress.length > 0 ? ingressPorts(ingress, compilation) : servicePorts(compilation);
  return ports.sort((a, b) => a.targetPort - b.targetPort);
}

function servicePorts({ mesh, proxy }: Compilation): InboundPort[] {
  const reserved = [mesh.settings.outboundPort, mesh.settings.inboundPort];
  const byPort = new Map<number, InboundPort>();
  for (const { service, port, targetPort } of serviceTargets(mesh, proxy)) {
    if (reserved.includes(targetPort)) continue;
    const known = byPort.get(targetPort);
    if (known) known.services.push(service);
    else {
      byPort.set(targetPort, {
        servicePort: port.number,
        targetPort,
        protocol: port.protocol,
        bind: unspecifiedAddress,
        bindToPort: false,
        services: [service],
        ingress: undefined,
        hostname: service.hostname,
        origin: service.origin,
      });
    }
  }
  return [...byPort.values()];
}

/** An ingress without an address is on the workload's own, which also names its filter chains; loopback is nobody's own. */
function ownAddress({ ip }: Proxy): string {
  const isLocal = ip === "" || ip.startsWith("127.") || ip.startsWith("169.254.") || ip === unspecifiedAddress;
  return isLocal ? unspecifiedAddress : ip;
}

function ingressPorts(ingress: SidecarIngress[], { mesh, proxy, scope }: Compilation): InboundPort[] {
  const targets = serviceTargets(mesh, proxy);
  const byPort = new Map<number, InboundPort>();
  for (const entry of ingress) {
    const number = entry.port?.number ?? 0;
    if (byPort.has(number)) continue;
    const service = targets.find(({ targetPort }) => targetPort === number)?.service;
    byPort.set(number, {
      servicePort: number,
      targetPort: number,
      protocol: parseProtocol(entry.port?.protocol ?? ""),
      bind: entry.bind || ownAddress(proxy),
      bindToPort: entry.captureMode === "NONE",
      services: service ? [service] : [],
      ingress: entry,
      hostname: `${scope.sidecar?.name}.${scope.sidecar?.namespace}`,
      origin: scope.sidecar?.object,
    });
  }
  return [...byPort.values()];
}
