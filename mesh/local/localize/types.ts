import type { Finding } from "#mesh/istio/finding.ts";
import type { Json, ResourceKind } from "../envoy-api.ts";

/** One running copy of a workload. */
export interface Replica {
  /** The pod's name. */
  readonly name: string;
  readonly namespace: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** Its own address in 127.0.0.0/8. */
  readonly ip: string;
  readonly ports: readonly ReplicaPort[];
  /** `unix:/path` of its outbound listener. */
  readonly outbound: string;
  readonly ready: boolean;
}

export interface ReplicaPort {
  readonly name: string;
  readonly containerPort: number;
  /** Where the process really listens: `unix:/path` or `127.0.0.1:port`. */
  readonly upstream: string;
}

/** What the compiler makes for one proxy: what istiod would push to it. */
export interface Compiled {
  readonly listeners: readonly Json[];
  readonly clusters: readonly Json[];
  readonly routes: readonly Json[];
  readonly endpoints: readonly Json[];
}

/** One of the proxies that share the laptop's Envoy. */
export interface LocalProxy {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly ip: string;
  /** Absent: the gateway. */
  readonly replica?: Replica;
  readonly compiled: Compiled;
}

/** What of the cluster's world stands elsewhere on this machine. */
export interface Place {
  /** Differs when one of the answers below does. */
  readonly fingerprint: string;
  /** The gateway's port for a port of a Gateway's server; undefined: not served here. */
  gatewayPort(port: number): number | undefined;
  /** The file here for a file that is mounted in the cluster; undefined: there is none. */
  mountedFile(path: string): string | undefined;
  /** Full names of the services in a descriptor set: a file here, or base64. */
  servicesIn(descriptor: { readonly file: string } | { readonly base64: string }): ReadonlySet<string>;
  /** Where spans are sent (OTLP over HTTP), if they are: `http://host:port/v1/traces`. */
  readonly tracesUrl: string | undefined;
}

/** A secret that the configuration asks for by name. */
export type SecretNeed =
  | { readonly kind: "workload"; readonly namespace: string; readonly serviceAccount: string }
  | { readonly kind: "root" }
  | { readonly kind: "system-roots" }
  | { readonly kind: "credential"; readonly namespace: string; readonly name: string; readonly part: "pair" | "roots" }
  | { readonly kind: "files"; readonly certificate: string; readonly privateKey: string }
  | { readonly kind: "root-file"; readonly file: string };

/** What cannot be honoured here, at the resource it belongs to; the control plane finds the place in the YAML. */
export interface Shortfall {
  readonly resource: Json;
  readonly severity: Finding["severity"];
  readonly message: string;
  readonly hint: string;
}

export interface Localized {
  readonly resources: Readonly<Record<Exclude<ResourceKind, "secrets">, ReadonlyMap<string, Json>>>;
  /** By name of the secret. */
  readonly secrets: ReadonlyMap<string, SecretNeed>;
  /** Name of a resource here to the resource that the compiler made. */
  readonly origins: ReadonlyMap<string, Json>;
  readonly shortfalls: readonly Shortfall[];
}
