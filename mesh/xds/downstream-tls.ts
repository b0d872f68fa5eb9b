import type { ServerTls } from "#mesh/istio/gateway.ts";
import { any, type JsonObject, message, unlessEmpty } from "./json.ts";
import type { MeshSettings } from "./settings.ts";
import { adsSecret, credentialResource, sdsSecret, validation } from "./upstream-tls.ts";

const versions: Record<string, string | undefined> = {
  TLSV1_0: "TLSv1_0",
  TLSV1_1: "TLSv1_1",
  TLSV1_2: "TLSv1_2",
  TLSV1_3: "TLSv1_3",
};

/** Ciphers of the mesh's own TLS below version 1.3. */
const meshCiphers = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
];

/** TLS of a gateway's server, which the gateway ends. */
export function serverTlsSocket(
  tls: ServerTls,
  { isTcp, settings }: { isTcp: boolean; settings: MeshSettings },
): JsonObject {
  const isMeshTls = tls.mode === "ISTIO_MUTUAL";
  const requires = tls.mode === "MUTUAL" || isMeshTls;
  const validates = requires || tls.mode === "OPTIONAL_MUTUAL";
  const alpn = isMeshTls && isTcp ? ["istio-peer-exchange", "h2", "http/1.1"] : ["h2", "http/1.1"];
  return socket({
    common_tls_context: message({
      tls_params: isMeshTls ? undefined : tlsParams(tls, settings),
      ...certificates(tls, validates),
      alpn_protocols: alpn,
    }),
    require_client_certificate: requires,
  });
}

function certificates(tls: ServerTls, validates: boolean): JsonObject {
  const names = tls.subjectAltNames ?? [];
  if (tls.mode === "ISTIO_MUTUAL") {
    return {
      tls_certificate_sds_secret_configs: [sdsSecret("default")],
      combined_validation_context: validation(names, sdsSecret("ROOTCA"), tls.caCrl),
    };
  }
  if (tls.credentialName || tls.credentialNames?.length) return fromCredential(tls, validates);
  const pairs = tls.tlsCertificates?.length ? tls.tlsCertificates : [tls];
  const root = sdsSecret(tls.caCertificates ? `file-root:${tls.caCertificates}` : "ROOTCA");
  return message({
    tls_certificate_sds_secret_configs: pairs.map(fromFiles),
    combined_validation_context: validates ? validation(names, root, tls.caCrl) : undefined,
  });
}

function fromFiles({ serverCertificate, privateKey }: Pick<ServerTls, "serverCertificate" | "privateKey">): JsonObject {
  return sdsSecret(serverCertificate && privateKey ? `file-cert:${serverCertificate}~${privateKey}` : "default");
}

function fromCredential(tls: ServerTls, validates: boolean): JsonObject {
  const names = tls.credentialNames?.length ? tls.credentialNames : [tls.credentialName ?? ""];
  const authority = tls.caCertCredentialName || `${names[0]}-cacert`;
  const subjects = unlessEmpty((tls.subjectAltNames ?? []).map((exact) => ({ exact })));
  const checked = {
    default_validation_context: message({
      verify_certificate_hash: tls.verifyCertificateHash,
      verify_certificate_spki: tls.verifyCertificateSpki,
      match_subject_alt_names: subjects,
    }),
    validation_context_sds_secret_config: adsSecret(credentialResource(authority)),
  };
  const named = subjects ? { validation_context: { match_subject_alt_names: subjects } } : {};
  return {
    tls_certificate_sds_secret_configs: names.map((name) => adsSecret(credentialResource(name))),
    ...(validates ? { combined_validation_context: checked } : named),
  };
}

function tlsParams(tls: ServerTls, settings: MeshSettings): JsonObject | undefined {
  const defaults = settings.fields.tlsDefaults;
  const minimum = versions[tls.minProtocolVersion ?? ""] ?? versions[defaults?.minProtocolVersion ?? ""];
  const params = message({
    tls_minimum_protocol_version: minimum,
    tls_maximum_protocol_version: versions[tls.maxProtocolVersion ?? ""],
    cipher_suites: unlessEmpty(tls.cipherSuites ?? defaults?.cipherSuites ?? []),
  });
  return Object.keys(params).length > 0 ? params : undefined;
}

/** Mutual TLS of the mesh, as a sidecar takes it. Whoever comes must be of the mesh's trust domain. */
export function meshTlsSocket({ isTcp, settings }: { isTcp: boolean; settings: MeshSettings }): JsonObject {
  const domains = [settings.trustDomain, ...settings.trustDomainAliases];
  const { minProtocolVersion, cipherSuites } = settings.fields.meshMTLS ?? {};
  return socket({
    common_tls_context: {
      tls_params: {
        tls_minimum_protocol_version: versions[minProtocolVersion ?? ""] ?? "TLSv1_2",
        tls_maximum_protocol_version: "TLSv1_3",
        cipher_suites: cipherSuites && cipherSuites.length > 0 ? cipherSuites : meshCiphers,
      },
      tls_certificate_sds_secret_configs: [sdsSecret("default")],
      combined_validation_context: {
        default_validation_context: {
          match_subject_alt_names: domains.map((domain) => ({ prefix: `spiffe://${domain}/` })),
        },
        validation_context_sds_secret_config: sdsSecret("ROOTCA"),
      },
      alpn_protocols: isTcp ? ["istio-peer-exchange", "h2", "http/1.1"] : ["h2", "http/1.1"],
    },
    require_client_certificate: true,
  });
}

function socket(fields: Record<string, JsonObject | boolean>): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", fields),
  };
}
