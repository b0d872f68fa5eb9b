import { hostsOverlap } from "../checks/hosts.ts";
import type { VirtualService } from "../kinds/virtual-service/schema.ts";
import { appliesToMesh } from "../kinds/virtual-service/validate.ts";
import type { Resource } from "../resources.ts";
import { fullHost } from "../services.ts";
import { type Exported, isVisibleToAll, seenTogether } from "../visibility.ts";
import type { World } from "../world.ts";

/** Several VirtualServices of the mesh for one host, where both are visible (IST0109). */
export function analyzeMeshHosts(world: World): void {
  const byHost = new Map<string, Resource<VirtualService>[]>();
  for (const resource of world.resources.VirtualService) {
    if (!appliesToMesh(resource.spec)) continue;
    for (const host of resource.spec.hosts ?? []) {
      const full = fullHost(host, resource.object.metadata.namespace);
      byHost.set(full, [...(byHost.get(full) ?? []), resource]);
    }
  }
  analyzeOverlaps(world.resources.VirtualService.filter(({ spec }) => appliesToMesh(spec)));
  for (const [host, resources] of byHost) {
    for (const resource of resources) {
      const others = resources.filter(
        (other) => other !== resource && seenTogether(exported(other), exported(resource)),
      );
      if (others.length > 0) report(host, resource, others);
    }
  }
}

/** A host of a VirtualService. */
interface PlacedHost {
  resource: Resource<VirtualService>;
  index: number;
  host: string;
}

/** Of one for some namespaces and one for all, hosts that overlap without being the same. */
function analyzeOverlaps(resources: readonly Resource<VirtualService>[]): void {
  const placed = resources.flatMap((resource) =>
    (resource.spec.hosts ?? []).map((host, index): PlacedHost => {
      return { resource, index, host: fullHost(host, resource.object.metadata.namespace) };
    }),
  );
  const isForAll = ({ resource }: PlacedHost) => isVisibleToAll(exported(resource));
  const all = placed.filter(isForAll);
  for (const some of placed.filter((host) => !isForAll(host))) {
    for (const rival of all) {
      if (rival.host === some.host || !hostsOverlap(rival.host, some.host)) continue;
      reportOverlap(some, rival);
      reportOverlap(rival, some);
    }
  }
}

function reportOverlap({ resource, index }: PlacedHost, other: PlacedHost): void {
  const message = `${nameOf(other.resource)} has the host ${other.host}, too: where both are seen, the more exact host counts alone`;
  const hint = "make the hosts disjoint, or give both the same exportTo";
  resource.place.in("hosts", index).find("IST0109", message, hint);
}

function report(host: string, resource: Resource<VirtualService>, others: Resource<VirtualService>[]): void {
  const { namespace } = resource.object.metadata;
  const index = (resource.spec.hosts ?? []).findIndex((entry) => fullHost(entry, namespace) === host);
  const winner = [resource, ...others].sort(byPrecedence)[0] ?? resource;
  const names = others.map(nameOf).sort().join(", ");
  const message = `${names} has the host ${host}, too: sidecars use ${nameOf(winner)} alone`;
  const hint = "merge them into one VirtualService, or let one delegate to the other";
  resource.place.in("hosts", index).find("IST0109", message, hint);
}

function byPrecedence(a: Resource<VirtualService>, b: Resource<VirtualService>): number {
  const key = ({ object }: Resource<VirtualService>) => `${object.metadata.name} ${object.metadata.namespace}`;
  return key(a) < key(b) ? -1 : 1;
}

function nameOf({ object }: Resource<VirtualService>): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

function exported({ spec, object }: Resource<VirtualService>): Exported {
  return { namespace: object.metadata.namespace, exportTo: spec.exportTo };
}
