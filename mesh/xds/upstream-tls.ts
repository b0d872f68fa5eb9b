import type { ClientTls } from "#mesh/istio/destination-rule.ts";
import { any, extension, type JsonObject, message, unlessEmpty } from "./json.ts";

const tlsSocket = "envoy.transport_sockets.tls";
const clientContext = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

export const rawBuffer = extension(
  "envoy.transport_sockets.raw_buffer",
  "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
);

const agent: JsonObject = {
  api_config_source: {
    api_type: "GRPC",
    transport_api_version: "V3",
    grpc_services: [{ envoy_grpc: { cluster_name: "sds-grpc" } }],
    set_node_on_first_message_only: true,
  },
  initial_fetch_timeout: "0s",
  resource_api_version: "V3",
};

/** A secret that the workload's own agent hands out. */
export function sdsSecret(name: string): JsonObject {
  return { name, sds_config: agent };
}

/** The workload's own certificate, and those that it trusts. */
const ownCertificate = [sdsSecret("default")];
const meshRoot = sdsSecret("ROOTCA");

/** Certificates of a Kubernetes Secret, which the control plane hands out over the stream that everything comes by. */
export function adsSecret(name: string): JsonObject {
  return {
    name,
    sds_config: { ads: {}, initial_fetch_timeout: "0s", resource_api_version: "V3" },
  };
}

export interface TlsContext {
  sni: string;
  /** The identities of the service. */
  identities: string[];
  isHttp2: boolean;
  /** For a ServiceEntry its own names are checked when the rule names none. */
  isExternal: boolean;
}

const protocolVersions = { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" };

/** Mutual TLS of the mesh, with the workload's certificate and the identities that may answer. */
export function istioMutualSocket(tls: ClientTls | undefined, context: TlsContext): JsonObject {
  const names = tls?.subjectAltNames?.length ? tls.subjectAltNames : context.identities;
  const alpn = ["istio-peer-exchange", "istio", ...(context.isHttp2 ? ["h2"] : [])];
  return socket({
    common_tls_context: {
      tls_params: protocolVersions,
      tls_certificate_sds_secret_configs: ownCertificate,
      combined_validation_context: validation(names, meshRoot),
      alpn_protocols: alpn,
    },
    sni: tls?.sni || context.sni,
  });
}

/** TLS to a server outside of the mesh; undefined where the settings cannot be met. */
export function originationSocket(tls: ClientTls, context: TlsContext): JsonObject | undefined {
  const isMutual = tls.mode === "MUTUAL";
  const names = tls.subjectAltNames?.length ? tls.subjectAltNames : context.isExternal ? context.identities : [];
  const certificates = tls.credentialName ? fromCredential(tls, names) : fromFiles(tls, names);
  if (isMutual && !tls.credentialName && (!tls.clientCertificate || !tls.privateKey)) return undefined;
  return socket({
    common_tls_context: message({
      tls_params: protocolVersions,
      ...certificates,
      alpn_protocols: context.isHttp2 ? ["h2"] : undefined,
    }),
    sni: tls.sni || undefined,
  });
}

function fromCredential(tls: ClientTls, names: string[]): Record<string, JsonObject | JsonObject[] | undefined> {
  const name = credentialResource(tls.credentialName ?? "");
  return {
    tls_certificate_sds_secret_configs: tls.mode === "MUTUAL" ? [adsSecret(name)] : undefined,
    ...(tls.insecureSkipVerify
      ? { validation_context: {} }
      : { combined_validation_context: validation(names, adsSecret(`${name}-cacert`)) }),
  };
}

function fromFiles(tls: ClientTls, names: string[]): Record<string, JsonObject | JsonObject[] | undefined> {
  const pair = `file-cert:${tls.clientCertificate ?? ""}~${tls.privateKey ?? ""}`;
  const root = `file-root:${tls.caCertificates || "system"}`;
  return {
    tls_certificate_sds_secret_configs: tls.mode === "MUTUAL" ? [sdsSecret(pair)] : undefined,
    ...(tls.insecureSkipVerify
      ? { validation_context: {} }
      : { combined_validation_context: validation(names, sdsSecret(root), tls.caCrl) }),
  };
}

export function credentialResource(name: string): string {
  return name.includes("://") ? name : `kubernetes://${name}`;
}

export function validation(names: string[], secret: JsonObject, revoked?: string): JsonObject {
  const matchers = unlessEmpty(names.map((name) => ({ exact: name })));
  return {
    default_validation_context: message({
      match_subject_alt_names: matchers,
      crl: revoked ? { filename: revoked } : undefined,
    }),
    validation_context_sds_secret_config: secret,
  };
}

function socket(fields: Record<string, JsonObject | string | undefined>): JsonObject {
  return { name: tlsSocket, typed_config: any(clientContext, fields) };
}

/** Announces the client's address to the server before anything else is sent. */
export function withProxyProtocol(inner: JsonObject | undefined, version: string | undefined): JsonObject {
  return extension(
    "envoy.transport_sockets.upstream_proxy_protocol",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    { config: version === "V2" ? { version: "V2" } : {}, transport_socket: inner ?? rawBuffer },
  );
}
