import type { MutualTlsMode } from "./peer-authentication.ts";
import { isHttp, type Protocol } from "./protocol.ts";

/** One way in which a connection may come to a workload's port, and what is done with it. */
export interface InboundChainKind {
  applicationProtocols: string[];
  transport: "tls" | "raw_buffer";
  http: boolean;
  /** Whether the sidecar ends the TLS; otherwise it passes the bytes on. */
  terminates: boolean;
}

/** What sidecars announce in the TLS handshake: that HTTP comes, that it is another sidecar. */
const meshHttp = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];
const meshTcp = ["istio-peer-exchange", "istio"];
export const meshProtocols = ["istio", "istio-peer-exchange", ...meshHttp];
const plainHttp = ["http/1.1", "h2c"];

const tls = (applicationProtocols: string[], http: boolean): InboundChainKind => {
  return { applicationProtocols, transport: "tls", http, terminates: true };
};
const plain = (applicationProtocols: string[], http: boolean): InboundChainKind => {
  return { applicationProtocols, transport: "raw_buffer", http, terminates: false };
};
/** TLS that is none of the mesh's: the workload ends it itself. */
const opaqueTls: InboundChainKind = { applicationProtocols: [], transport: "tls", http: false, terminates: false };

const chains: Record<MutualTlsMode, Record<"http" | "tcp" | "sniffed", InboundChainKind[]>> = {
  STRICT: { http: [tls([], true)], tcp: [tls([], false)], sniffed: [tls(meshHttp, true), tls([], false)] },
  PERMISSIVE: {
    http: [tls(meshProtocols, true), plain([], true)],
    tcp: [tls(meshProtocols, false), opaqueTls, plain([], false)],
    sniffed: [tls(meshHttp, true), plain(plainHttp, true), tls(meshTcp, false), plain([], false), opaqueTls],
  },
  DISABLE: { http: [plain([], true)], tcp: [plain([], false)], sniffed: [plain(plainHttp, true), plain([], false)] },
};

/** The filter chains that a port of a workload has under a PeerAuthentication mode. */
export function inboundChainKinds(mode: MutualTlsMode, protocol: Protocol): InboundChainKind[] {
  if (isHttp(protocol)) return chains[mode].http;
  return protocol === "sniffed" ? chains[mode].sniffed : chains[mode].tcp;
}
