import { connectionPool } from "./destination-rule.ts";
import { type Infer, integer, list, map, record, text, traced, unsupported, word } from "./shape.ts";
import { destination } from "./virtual-service.ts";

const port = record({ number: integer, protocol: text, name: text, targetPort: integer });
const captureMode = word("DEFAULT", "IPTABLES", "NONE");

const ingress = traced(
  record({
    port,
    bind: text,
    captureMode,
    defaultEndpoint: text,
    tls: unsupported("Istio ignores it too, unless ENABLE_TLS_ON_SIDECAR_INGRESS is set"),
    connectionPool,
  }),
);
export type SidecarIngress = Infer<typeof ingress>;

const egress = traced(record({ port, bind: text, captureMode, hosts: list(text) }));
export type SidecarEgress = Infer<typeof egress>;

const outboundTrafficPolicy = record({
  mode: word("REGISTRY_ONLY", "ALLOW_ANY"),
  egressProxy: destination,
});
export type OutboundTrafficPolicy = Infer<typeof outboundTrafficPolicy>;

export const sidecar = record({
  workloadSelector: record({ labels: map(text) }),
  ingress: list(ingress),
  egress: list(egress),
  inboundConnectionPool: connectionPool,
  outboundTrafficPolicy,
});
export type Sidecar = Infer<typeof sidecar>;
