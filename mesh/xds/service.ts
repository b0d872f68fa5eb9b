import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Protocol } from "./protocol.ts";
import type { Proxy } from "./proxy.ts";
import type { TrafficDistribution } from "./traffic-distribution.ts";

/**
 * How a service's endpoints are found: told by the control plane, by DNS, or not at all (the address is the destination). `dynamic`,
 * the host of each request, is for waypoints: sidecars and gateways know such a service, but have no cluster for it.
 */
export type Resolution = "eds" | "dns" | "dns-round-robin" | "dynamic" | "passthrough" | "alias";

export interface ServicePort {
  name: string;
  number: number;
  protocol: Protocol;
}

/** A service of the mesh: a Kubernetes Service, or one host of a ServiceEntry. */
export interface Service {
  hostname: string;
  name: string;
  namespace: string;
  registry: "kubernetes" | "external";
  /** The address that listeners bind and clients send to; `0.0.0.0` when it has none. */
  address: string;
  addresses: string[];
  ports: ServicePort[];
  resolution: Resolution;
  meshExternal: boolean;
  exportTo: ReadonlySet<string>;
  labels: Record<string, string>;
  selector: Record<string, string> | undefined;
  /** The real host of a Service of type ExternalName. */
  externalName: string;
  /** Hosts of ExternalName services that stand for this one. */
  aliases: { hostname: string; namespace: string }[];
  /** Identities besides those of the endpoints. */
  identities: string[];
  /**
   * Which endpoints are preferred because they are near. Such a service's clients are told of unhealthy endpoints too, so that
   * they know when to go further away.
   */
  distribution: TrafficDistribution | undefined;
  /** Only endpoints on the caller's node. */
  nodeLocal: boolean;
  /** Its own. Clients may be told of more: see `Registry.endpointsOf`. */
  endpoints: Endpoint[];
  /** Ports that differ upstream, for a service whose destination is taken from the connection. */
  targetPorts: ReadonlyMap<number, number>;
  origin: KubeObject;
}

export interface Endpoint {
  address: string;
  /** The port where it listens; 0 for a unix socket. */
  port: number;
  /** The service's port that it serves. */
  portName: string;
  labels: Record<string, string>;
  /** SPIFFE identity; empty when nothing is known about it. */
  identity: string;
  weight: number;
  /** `region/zone/subzone`, empty parts left out. */
  locality: string;
  tlsMode: "istio" | "disabled";
  /** What Kubernetes knows of it; undefined where nobody looks. */
  health: "HEALTHY" | "UNHEALTHY" | "TERMINATING" | undefined;
  workload: { name: string; namespace: string };
  node: string;
}

export function portOf(service: Service, number: number): ServicePort | undefined {
  return service.ports.find((port) => port.number === number);
}

/** The addresses of a service that a proxy can use: those of its own IP version, where the service has any. */
export function addressesFor({ addresses }: Service, { ip }: Proxy): string[] {
  const own = addresses.filter((address) => address.includes(":") === ip.includes(":"));
  return own.length > 0 ? own : addresses.slice(0, 1);
}

/** The service with some of its ports; itself when it has no others, undefined when it has none of them. */
export function withPorts(service: Service, numbers: ReadonlySet<number>): Service | undefined {
  const ports = service.ports.filter(({ number }) => numbers.has(number));
  if (ports.length === 0) return undefined;
  return ports.length === service.ports.length ? service : { ...service, ports };
}
