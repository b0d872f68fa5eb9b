import { destinationsOf } from "../destinations.ts";
import type { VirtualService } from "../kinds/virtual-service/schema.ts";
import { appliesToMesh } from "../kinds/virtual-service/validate.ts";
import type { Place } from "../place.ts";
import type { Resource } from "../resources.ts";
import { clusterDomain, halfNamespace } from "../services.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

/** Half host names (M016), and destinations whose service does not have the caller's port (M015). */
export function checkHosts({ world }: Context): void {
  for (const resource of world.resources.VirtualService) {
    resource.spec.hosts?.forEach((host, index) => {
      checkHalf(host, resource.place.in("hosts", index), world);
    });
    for (const { destination, place } of destinationsOf(resource)) {
      if (destination.host) checkHalf(destination.host, place.in("host"), world);
    }
    if (appliesToMesh(resource.spec)) checkPorts(resource, world);
  }
  for (const { spec, place } of world.resources.DestinationRule) {
    if (spec.host) checkHalf(spec.host, place.in("host"), world);
  }
}

function checkHalf(host: string, place: Place, world: World): void {
  const own = place.object.metadata.namespace;
  const namespace = halfNamespace(host);
  if (namespace === undefined || host.startsWith("*") || world.services.find(host, own)) return;
  const full = `${host.split(".")[0]}.${namespace}.${clusterDomain}`;
  if (namespace !== own && !world.services.find(full, own)) return;
  place.find("M016", `a name with a dot is taken as it is: "${host}" is not ${full}`, `write ${full}`);
}

function checkPorts(resource: Resource<VirtualService>, world: World): void {
  const { namespace } = resource.object.metadata;
  const listening = (resource.spec.hosts ?? []).flatMap((host) => world.services.find(host, namespace)?.ports ?? []);
  if (listening.length === 0) return;
  const numbers = new Set(listening.map(({ number }) => number));
  for (const { destination, place } of destinationsOf(resource)) {
    const service = world.services.find(destination.host ?? "", namespace);
    const [port, ...more] = service?.ports ?? [];
    if (destination.port || !service || !port || more.length > 0 || numbers.has(port.number)) continue;
    const message = `${destination.host} listens on ${port.number} alone, and the callers' port ${[...numbers].join(", ")} is used: 503 (gRPC status 14)`;
    place.find("M015", message, `write port: {number: ${port.number}}`);
  }
}
