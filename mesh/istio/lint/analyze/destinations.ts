import { destinationsOf, type PlacedDestination } from "../destinations.ts";
import { fieldAt } from "../field.ts";
import type { VirtualService } from "../kinds/virtual-service/schema.ts";
import type { Resource } from "../resources.ts";
import { suggest } from "../schema/suggest.ts";
import { clusterDomain, fullHost, halfNamespace, namespaceOf, type Service } from "../services.ts";
import { isVisibleFrom, viewersOf } from "../visibility.ts";
import type { World } from "../world.ts";

/** Destinations that do not exist: hosts, ports and subsets (IST0101), and ports that must be named (IST0112). */
export function analyzeDestinations(world: World): void {
  const subsets = readSubsets(world);
  for (const virtualService of world.resources.VirtualService) {
    for (const placed of destinationsOf(virtualService)) {
      analyzeHost(placed, virtualService, world);
      analyzeSubset(placed, subsets, world);
    }
  }
}

function analyzeHost(
  { destination, place }: PlacedDestination,
  { spec }: Resource<VirtualService>,
  world: World,
): void {
  const { namespace } = place.object.metadata;
  const { host = "", port } = destination;
  if (host === "" || host === "*") return;
  const service = world.services.find(host, namespace);
  if (!service) return reportMissing(host, place.in("host"), world);
  const viewers = viewersOf({ namespace, exportTo: spec.exportTo });
  if (!viewers.some((viewer) => isVisibleFrom(viewer, service))) {
    const message = `${host} is not exported to ${viewers.join(" or ")}: requests are answered with 503 (gRPC status 14)`;
    return place.in("host").find("IST0101", message, hintToExport(service, viewers));
  }
  const numbers = service.ports.map(({ number }) => number);
  if (!port) {
    if (numbers.length < 2) return;
    const message = `${host} has the ports ${numbers.join(", ")}, and the destination names none: the caller's port decides`;
    return place.find("IST0112", message, `write port: {number: ${numbers[0]}}`);
  }
  if (port.number && !numbers.includes(port.number)) {
    const message = `${host} has no port ${port.number}: requests are answered with 503 (gRPC status 14)`;
    place.in("port", "number").find("IST0101", message, `write ${numbers.join(" or ") || "a port of the service"}`);
  }
}

/** What to write so that namespaces see a service. */
export function hintToExport({ object, external }: Service, viewers: readonly string[]): string {
  const where = external ? "exportTo" : "the annotation networking.istio.io/exportTo";
  return `add ${viewers.join(", ")} to ${where} of the ${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
}

function reportMissing(host: string, place: PlacedDestination["place"], world: World): void {
  const { namespace } = place.object.metadata;
  if (!world.services.covers(host, namespace)) return reportForgotten(host, place, world);
  const message = `no Service or ServiceEntry has the host ${fullHost(host, namespace)}: requests are answered with 503 (gRPC status 14)`;
  place.find("IST0101", message, suggestHost(host, namespace, world));
}

/** A bare name in a document that names no namespace, although the files have such a Service elsewhere. */
function reportForgotten(host: string, place: PlacedDestination["place"], world: World): void {
  const { raw, metadata } = place.object;
  if (host.includes(".") || fieldAt(raw, "metadata", "namespace") !== undefined) return;
  const meant = world.services.all.find(({ name }) => name === host);
  if (!meant) return;
  const message = `the document names no namespace, so ${host} is of ${metadata.namespace}, where the files have no Service`;
  place.find("IST0101", message, `write metadata.namespace: ${meant.namespace}, or host: ${meant.host}`);
}

/** What was probably meant by a host that does not exist. */
export function suggestHost(host: string, namespace: string, world: World): string {
  const half = halfNamespace(host);
  const full = `${host.split(".")[0]}.${half ?? namespace}.${clusterDomain}`;
  if (half !== undefined && world.services.find(full, namespace)) return `write ${full}`;
  const wanted = fullHost(host, namespace);
  const meant = suggest(wanted, nearby(wanted, namespace, world));
  return meant ? `did you mean ${meant}?` : "correct the host, or add a Service or a ServiceEntry";
}

/** Candidates are compared with the wanted host one by one, so only those of its namespaces are, and not all of a crowd. */
function nearby(host: string, namespace: string, world: World): string[] {
  const namespaces = new Set([namespace, namespaceOf(host) ?? namespace]);
  return [...namespaces]
    .flatMap((name) => world.services.inNamespace(name).slice(0, 100))
    .map((service) => service.host);
}

/** The subsets that the DestinationRules of each host have. */
function readSubsets(world: World): Map<string, Set<string>> {
  const subsets = new Map<string, Set<string>>();
  for (const { spec, object } of world.resources.DestinationRule) {
    const host = fullHost(spec.host ?? "", object.metadata.namespace);
    const names = subsets.get(host) ?? new Set();
    for (const { name = "" } of spec.subsets ?? []) names.add(name);
    subsets.set(host, names);
  }
  return subsets;
}

function analyzeSubset(
  { destination, place }: PlacedDestination,
  subsets: Map<string, Set<string>>,
  world: World,
): void {
  const { host = "", subset } = destination;
  const { namespace } = place.object.metadata;
  const full = fullHost(host, namespace);
  const known = subsets.get(full);
  if (!subset || known?.has(subset)) return;
  if (!known?.size && !world.services.covers(host, namespace)) return;
  const meant = suggest(subset, known ?? []);
  place
    .in("subset")
    .find(
      "IST0101",
      `no DestinationRule for ${full} has the subset ${subset}: requests are answered with 503 (gRPC status 14)`,
      meant ? `did you mean ${meant}?` : "add the subset to the DestinationRule, with the labels of its pods",
    );
}
