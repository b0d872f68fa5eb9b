import { bool, list, message, oneOf, string } from "./types.ts";

const protocolVersion = oneOf("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3");

const tlsCertificate = message({ serverCertificate: string, privateKey: string, caCertificates: string });

export const serverTls = message({
  httpsRedirect: bool,
  mode: oneOf("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
  serverCertificate: string,
  privateKey: string,
  caCertificates: string,
  caCrl: string,
  credentialName: string,
  credentialNames: list(string),
  caCertCredentialName: string,
  tlsCertificates: list(tlsCertificate),
  subjectAltNames: list(string),
  verifyCertificateSpki: list(string),
  verifyCertificateHash: list(string),
  minProtocolVersion: protocolVersion,
  maxProtocolVersion: protocolVersion,
  cipherSuites: list(string),
});
