import { flag, type Infer, ignored, integer, list, map, record, text, traced, word } from "./shape.ts";

export const tlsVersions = ["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] as const;

export const serverTls = traced(
  record({
    httpsRedirect: flag,
    mode: word("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
    serverCertificate: text,
    privateKey: text,
    caCertificates: text,
    caCrl: text,
    credentialName: text,
    credentialNames: list(text),
    caCertCredentialName: text,
    tlsCertificates: list(record({ serverCertificate: text, privateKey: text, caCertificates: text })),
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
