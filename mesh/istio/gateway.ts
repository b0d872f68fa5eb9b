import {
  flag,
  type Infer,
  ignored,
  integer,
  list,
  map,
  record,
  text,
  traced,
  unsupported,
  word,
  wordExcept,
} from "./shape.ts";

export const tlsVersions = ["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] as const;

export const serverTls = traced(
  record({
    httpsRedirect: flag,
    mode: wordExcept(word("PASSTHROUGH", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"), {
      AUTO_PASSTHROUGH: "it joins clusters, and there is one; the server passes TLS on by its VirtualServices",
    }),
    serverCertificate: text,
    privateKey: text,
    caCertificates: text,
    caCrl: unsupported("certificates are not checked against a revocation list"),
    credentialName: text,
    credentialNames: unsupported("only credentialName is read"),
    caCertCredentialName: unsupported("the CA is taken from credentialName"),
    tlsCertificates: unsupported("only one certificate is read"),
    subjectAltNames: list(text),
    verifyCertificateSpki: list(text),
    verifyCertificateHash: list(text),
    minProtocolVersion: word(...tlsVersions),
    maxProtocolVersion: word(...tlsVersions),
    cipherSuites: list(text),
  }),
);
export type ServerTls = Infer<typeof serverTls>;

const server = traced(
  record({
    name: text,
    port: record({ number: integer, protocol: text, name: text, targetPort: integer }),
    bind: text,
    hosts: list(text),
    tls: serverTls,
    defaultEndpoint: ignored,
  }),
);
export type GatewayServer = Infer<typeof server>;

export const gateway = record({ servers: list(server), selector: map(text) });
export type Gateway = Infer<typeof gateway>;
