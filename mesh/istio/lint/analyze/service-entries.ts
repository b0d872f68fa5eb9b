import { listAt } from "../field.ts";
import type { ServiceEntry } from "../kinds/service-entry/schema.ts";
import type { Resource } from "../resources.ts";
import { seenTogether } from "../visibility.ts";
import type { World } from "../world.ts";

/** TCP ports without an address (IST0134), and ports that ServiceEntries give different protocols (IST0177). */
export function analyzeServiceEntries(world: World): void {
  if (!world.mesh.allocatesAddresses) for (const entry of world.resources.ServiceEntry) analyzeAddresses(entry);
  analyzeProtocols(world.resources.ServiceEntry);
}

function analyzeAddresses({ spec, place, object }: Resource<ServiceEntry>): void {
  if (spec.addresses?.length || listAt(object.raw, "status", "addresses").length > 0) return;
  spec.ports?.forEach(({ protocol = "", number }, index) => {
    if (protocol !== "" && protocol.toUpperCase() !== "TCP") return;
    const message = `port ${number} has no address, so it takes the TCP traffic of that port to any address`;
    place.in("ports", index).find("IST0134", message, "write addresses, or the port's protocol");
  });
}

/** A port of a ServiceEntry, once for each of its hosts. */
interface EntryPort {
  entry: Resource<ServiceEntry>;
  index: number;
  protocol: string;
}

function analyzeProtocols(entries: readonly Resource<ServiceEntry>[]): void {
  const byPort = new Map<string, EntryPort[]>();
  for (const entry of entries) {
    for (const host of entry.spec.hosts ?? []) {
      entry.spec.ports?.forEach(({ number, protocol = "" }, index) => {
        const key = `${host}:${number}`;
        byPort.set(key, [...(byPort.get(key) ?? []), { entry, index, protocol: protocol.toUpperCase() }]);
      });
    }
  }
  const reported = new Set<Resource<ServiceEntry>>();
  for (const [hostPort, ports] of byPort) {
    for (const port of ports) {
      const rivals = ports.filter((other) => conflict(other, port));
      if (rivals.length === 0 || reported.has(port.entry)) continue;
      reported.add(port.entry);
      report(hostPort, port, rivals);
    }
  }
}

/** Within one entry istiod refuses a port that exists twice. */
function conflict(a: EntryPort, b: EntryPort): boolean {
  if (a.entry === b.entry || a.protocol === b.protocol) return false;
  const [first, second] = [a, b].map(({ entry: { object, spec } }) => {
    return { namespace: object.metadata.namespace, exportTo: spec.exportTo };
  });
  return first !== undefined && second !== undefined && seenTogether(first, second);
}

function report(hostPort: string, { entry, index, protocol }: EntryPort, rivals: readonly EntryPort[]): void {
  const others = rivals.map((rival) => {
    const { namespace, name } = rival.entry.object.metadata;
    return `${rival.protocol || "no protocol"} in ${namespace}/${name}`;
  });
  const message = `${hostPort} is ${protocol || "no protocol"} here and ${others.join(", ")}: one of them is dropped`;
  entry.place.in("ports", index).find("IST0177", message, "write the same protocol in all of them, or merge them");
}
