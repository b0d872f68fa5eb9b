import type { Finding } from "#mesh/istio/finding.ts";
import { serviceHostname } from "#mesh/istio/hosts.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { type ServiceSpec, serviceSpec } from "#mesh/istio/kubernetes.ts";
import { type Resource, readResource } from "#mesh/istio/resource.ts";
import { spiffeId } from "./names.ts";
import { protocolOfPort } from "./protocol.ts";
import type { Resolution, Service, ServicePort } from "./service.ts";
import { trafficDistribution } from "./traffic-distribution.ts";

/** A Kubernetes Service as Istio sees it, and its spec for those who need the target ports. */
export interface KubernetesService {
  service: Service;
  spec: ServiceSpec;
}

export const unspecifiedAddress = "0.0.0.0";

/** Reads the Kubernetes Services of an input; their endpoints come later. */
export function readServices(objects: KubeObject[], trustDomain: string, findings: Finding[]): KubernetesService[] {
  return objects.map((object) => {
    const resource = readResource<ServiceSpec>(object, serviceSpec, findings);
    return { service: toService(resource, trustDomain), spec: resource.spec };
  });
}

function toService({ object, name, namespace, spec }: Resource<ServiceSpec>, trustDomain: string): Service {
  const { annotations, labels } = object.metadata;
  const externalName = spec.type === "ExternalName" ? (spec.externalName ?? "") : "";
  const addresses = clusterAddresses(spec);
  return {
    hostname: serviceHostname(name, namespace),
    name,
    namespace,
    registry: "kubernetes",
    address: addresses[0] ?? unspecifiedAddress,
    addresses,
    ports: (spec.ports ?? []).map(toPort),
    resolution: resolutionOf(spec, externalName),
    meshExternal: externalName !== "",
    exportTo: new Set(words(annotations["networking.istio.io/exportTo"])),
    labels,
    selector: spec.selector,
    externalName,
    aliases: [],
    identities: identities(annotations, namespace, trustDomain),
    distribution: trafficDistribution(spec.trafficDistribution, annotations),
    nodeLocal: spec.internalTrafficPolicy === "Local",
    endpoints: [],
    targetPorts: new Map(),
    origin: object,
  };
}

function toPort(port: NonNullable<ServiceSpec["ports"]>[number]): ServicePort {
  const name = port.name ?? "";
  const number = port.port ?? 0;
  const { protocol: transport, appProtocol } = port;
  return {
    name,
    number,
    protocol: protocolOfPort({
      number,
      name,
      ...(transport === undefined ? {} : { transport }),
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }),
  };
}

function clusterAddresses(spec: ServiceSpec): string[] {
  if (!spec.clusterIP || spec.clusterIP === "None") return [unspecifiedAddress];
  return spec.clusterIPs && spec.clusterIPs.length > 1 ? spec.clusterIPs : [spec.clusterIP];
}

function resolutionOf(spec: ServiceSpec, externalName: string): Resolution {
  if (spec.clusterIP === "None") return "passthrough";
  return externalName === "" ? "eds" : "alias";
}

function identities(annotations: Record<string, string>, namespace: string, trustDomain: string): string[] {
  const accounts = words(annotations["alpha.istio.io/kubernetes-serviceaccounts"]);
  return [
    ...words(annotations["alpha.istio.io/canonical-serviceaccounts"]),
    ...accounts.map((account) => spiffeId(trustDomain, namespace, account)),
  ];
}

function words(list: string | undefined): string[] {
  return list ? list.split(",").map((word) => word.trim()) : [];
}
