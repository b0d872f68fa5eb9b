import { isIpAddress } from "#mesh/istio/hosts.ts";
import type { Compilation } from "./compilation.ts";
import type { EgressListener } from "./egress-listener.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { isHttp, isTcp, parseProtocol } from "./protocol.ts";
import type { Service, ServicePort } from "./service.ts";

/** A port of a service that a sidecar is to listen for. An empty bind stands for the service's address. */
export interface Candidate {
  service: Service;
  port: ServicePort;
  bind: string;
}

/** The services of an egress listener with the ports that they get there; TCP services without an address one by one endpoint. */
export function candidates(egress: EgressListener, compilation: Compilation): Candidate[] {
  const bind = egress.bind || (bindsToPort(egress) ? "127.0.0.1" : "");
  if (egress.port) {
    const { number, name, protocol } = egress.port;
    const port: ServicePort = { number, name, protocol: parseProtocol(protocol) };
    if (isReserved(bind, port, compilation)) return [];
    return egress.services.map((service) => ({ service, port, bind }));
  }
  return egress.services.flatMap((service) =>
    service.ports
      .filter((port) => !isReserved(bind, port, compilation))
      .flatMap((port) =>
        bind === "" && isHeadlessTcp(service, port)
          ? perEndpoint(service, port, compilation)
          : [{ service, port, bind }],
      ),
  );
}

/** Whether listeners are real ones, and not found by the destination of redirected connections. */
export function bindsToPort(egress: EgressListener): boolean {
  return egress.captureMode === "NONE" || egress.bind.startsWith("unix://");
}

/** The ports that sidecars need for themselves. */
function isReserved(bind: string, port: ServicePort, { mesh }: Compilation): boolean {
  if (bind === "" ? !isHttp(port.protocol) : bind !== unspecifiedAddress) return false;
  return port.number === mesh.settings.outboundPort || port.number === mesh.settings.inboundPort;
}

function isHeadlessTcp(service: Service, { protocol }: ServicePort): boolean {
  const noAddress = service.resolution === "passthrough" && service.address === unspecifiedAddress;
  return noAddress && (isTcp(protocol) || protocol === "sniffed");
}

function perEndpoint(service: Service, port: ServicePort, { mesh, proxy }: Compilation): Candidate[] {
  const endpoints = mesh.registry.endpointsOf(service, port);
  if (service.registry === "external" && endpoints.length === 0 && !service.selector)
    return [{ service, port, bind: "" }];
  return endpoints
    .filter(({ address }) => isIpAddress(address) && address !== proxy.ip)
    .map(({ address }) => ({ service, port, bind: address }));
}
