import { connectionPool } from "../../schema/connection-pool.ts";
import { destination } from "../../schema/destination.ts";
import { port } from "../../schema/port.ts";
import { labelSelector } from "../../schema/selector.ts";
import { serverTls } from "../../schema/server-tls.ts";
import { type Infer, list, message, oneOf, string } from "../../schema/types.ts";

const captureMode = oneOf("DEFAULT", "IPTABLES", "NONE");

const ingress = message({ port, bind: string, captureMode, defaultEndpoint: string, tls: serverTls, connectionPool });

const egress = message({ port, bind: string, captureMode, hosts: list(string) });

const outboundTrafficPolicy = message({ mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY"), egressProxy: destination });

export const schema = message({
  workloadSelector: labelSelector,
  ingress: list(ingress),
  egress: list(egress),
  outboundTrafficPolicy,
  inboundConnectionPool: connectionPool,
});

export type Sidecar = Infer<typeof schema>;
export type Ingress = Infer<typeof ingress>;
export type Egress = Infer<typeof egress>;
export type OutboundTrafficPolicy = Infer<typeof outboundTrafficPolicy>;
