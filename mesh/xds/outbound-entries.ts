import type { Compilation } from "./compilation.ts";
import type { EgressListener } from "./egress-listener.ts";
import { type ChainMatch, everything, sameMatch } from "./filter-chain.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import type { JsonObject } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { l4Chains } from "./l4-chains.ts";
import { listenerName, sniffedRoute } from "./names.ts";
import { bindsToPort, type Candidate } from "./outbound-candidates.ts";
import { isHttp, isTcp, type Protocol } from "./protocol.ts";
import type { Proxy } from "./proxy.ts";
import { addressesFor } from "./service.ts";

/** What the HTTP inspector finds in plain text. */
const plainHttp = ["http/1.1", "h2c"];

export interface Chain {
  match: ChainMatch;
  filters: JsonObject[];
  /** The HTTP chain's route configuration; empty for TCP. */
  routes: string;
  origin: object | undefined;
}

/** A listener in the making. Services that share its address and port add their chains. */
export interface Entry {
  bind: string;
  port: number;
  bindToPort: boolean;
  protocol: Protocol;
  chains: Chain[];
  /** Made by an egress listener with a port: the ones behind it leave it alone. */
  locked: boolean;
}

interface Addition extends Candidate {
  egress: EgressListener;
}

/** Adds a service's port. Services of different protocols on one address and port: the listener then looks at the traffic to tell them apart. */
export function addService(entries: Map<string, Entry>, addition: Addition, compilation: Compilation): void {
  const { egress, service, port } = addition;
  if (service.resolution === "alias" || port.protocol === "UDP") return;
  const { bind, ranges } = bindFor(addition, compilation.proxy);
  const key = `${bind}:${port.number}`;
  const existing = entries.get(key);
  if (existing?.locked) return;
  const placed = { ...addition, bind };
  const wildcard = bind === unspecifiedAddress;
  const add = (chains: Chain[], protocol: Protocol): void => {
    if (existing) mergeChains(existing, chains, protocol);
    else
      entries.set(key, { bind, port: port.number, bindToPort: bindsToPort(egress), protocol, chains, locked: false });
  };
  if (port.protocol === "HTTP_PROXY") {
    entries.delete(key);
    entries.set(key, {
      bind,
      port: port.number,
      bindToPort: bindsToPort(egress),
      protocol: "HTTP_PROXY",
      chains: [httpChain(placed, false, compilation)],
      locked: false,
    });
  } else if (isHttp(port.protocol)) {
    if (existing && !isTcp(existing.protocol)) return;
    add([httpChain(placed, wildcard, compilation)], wildcard ? "sniffed" : port.protocol);
  } else if (isTcp(port.protocol)) {
    if (existing && clashes(port.protocol, existing.protocol)) return;
    add(tcpChain(placed, ranges, compilation), port.protocol);
  } else {
    if (existing && !isTcp(existing.protocol) && !isHttp(existing.protocol)) return;
    if (existing && isHttp(existing.protocol)) {
      entries.set(key, {
        ...existing,
        protocol: "sniffed",
        chains: [...tcpChain(placed, ranges, compilation), httpChain(placed, true, compilation)],
      });
      return;
    }
    add([...tcpChain(placed, ranges, compilation), httpChain(placed, true, compilation)], "sniffed");
  }
}

/** Servers that speak first cannot share a port with anything that has to be looked at. */
function clashes(a: Protocol, b: Protocol): boolean {
  const special = (protocol: Protocol): boolean => protocol === "Mongo" || protocol === "MySQL";
  return (special(a) || special(b)) && a !== b;
}

function bindFor({ service, port, bind }: Addition, proxy: Proxy): { bind: string; ranges: string[] } {
  if (bind !== "") return { bind, ranges: [] };
  if (isHttp(port.protocol)) return { bind: unspecifiedAddress, ranges: [] };
  const [address = unspecifiedAddress] = addressesFor(service, proxy);
  return address.includes("/") ? { bind: unspecifiedAddress, ranges: [address] } : { bind: address, ranges: [] };
}

function mergeChains(entry: Entry, chains: Chain[], protocol: Protocol): void {
  if (clashes(protocol, entry.protocol)) return;
  const mixed = isTcp(entry.protocol) !== isTcp(protocol);
  for (const chain of chains) {
    if (!entry.chains.some((other) => sameMatch(other.match, chain.match))) entry.chains.push(chain);
  }
  if (mixed) entry.protocol = "sniffed";
}

function httpChain({ service, port, bind }: Addition, looks: boolean, compilation: Compilation): Chain {
  const sniffed = port.protocol === "sniffed" && bind !== unspecifiedAddress;
  const named = sniffed ? sniffedRoute(service.hostname, port.number) : String(port.number);
  const routes = port.number === 0 ? bind : named;
  const manager = httpConnectionManager(
    { direction: "outbound", name: `outbound_${listenerName(bind, port.number)}`, protocol: port.protocol, routes },
    compilation,
  );
  const match = looks ? { ...everything, transport: "raw_buffer", applicationProtocols: plainHttp } : everything;
  return { match, filters: [manager], routes, origin: undefined };
}

function tcpChain({ service, port, bind, egress }: Addition, ranges: string[], compilation: Compilation): Chain[] {
  const listener = { service, port, bind, ranges, virtualServices: egress.virtualServices };
  return l4Chains(listener, compilation).map((chain) => ({ ...chain, routes: "" }));
}
