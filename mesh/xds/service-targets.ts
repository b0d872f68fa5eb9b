import { targetPortOf } from "./endpoint-slices.ts";
import type { Mesh } from "./mesh.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import type { Service, ServicePort } from "./service.ts";

/** A port of a service that a workload serves, and the workload's own port behind it. */
export interface ServiceTarget {
  service: Service;
  port: ServicePort;
  targetPort: number;
}

/** The services that a proxy's workload belongs to: those that select it, and those that list its address. */
export function serviceTargets(mesh: Mesh, proxy: Proxy): ServiceTarget[] {
  const targets = [...kubernetesTargets(mesh, proxy), ...externalTargets(mesh, proxy)];
  return targets.sort(({ service: a }, { service: b }) =>
    a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0,
  );
}

function kubernetesTargets(mesh: Mesh, proxy: Proxy): ServiceTarget[] {
  const own = mesh.workloads.named(proxy.namespace, proxy.name) ?? mesh.workloads.at(proxy.ip);
  const template = mesh.workloads.templates.find(
    ({ namespace, labels }) => namespace === proxy.namespace && labelsMatch(labels, proxy.labels),
  );
  const targets: ServiceTarget[] = [];
  for (const { service, spec } of mesh.kubernetesServices) {
    if (service.namespace !== proxy.namespace || service.externalName !== "") continue;
    const selects = service.selector && Object.keys(service.selector).length > 0;
    if (!selects || !labelsMatch(service.selector ?? {}, proxy.labels)) continue;
    const seen = new Set<string>();
    for (const port of spec.ports ?? []) {
      const servicePort = service.ports.find(({ name }) => name === (port.name ?? ""));
      const listed = service.endpoints.find(
        ({ address, portName }) => address === proxy.ip && portName === (port.name ?? ""),
      );
      const targetPort = targetPortOf(port, own ?? template) ?? listed?.port;
      const key = `${targetPort}/${servicePort?.protocol}`;
      if (!servicePort || targetPort === undefined || seen.has(key)) continue;
      seen.add(key);
      targets.push({ service, port: servicePort, targetPort });
    }
  }
  return targets;
}

function externalTargets(mesh: Mesh, proxy: Proxy): ServiceTarget[] {
  return mesh.registry.services
    .filter(({ registry }) => registry === "external")
    .flatMap((service) =>
      service.endpoints
        .filter(({ address }) => address === proxy.ip)
        .flatMap((endpoint) => {
          const port = service.ports.find(({ name }) => name === endpoint.portName);
          return port ? [{ service, port, targetPort: endpoint.port }] : [];
        }),
    );
}
