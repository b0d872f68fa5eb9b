import type { Place } from "../place.ts";
import type { serverTls } from "../schema/server-tls.ts";
import type { Infer } from "../schema/types.ts";

type ServerTls = Infer<typeof serverTls>;

const terminating = new Set<string | undefined>(["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"]);

/** TLS of a Gateway's server, or of a Sidecar's ingress. */
export function checkServerTls(tls: ServerTls, place: Place): void {
  checkCiphers(tls, place);
  if (tls.mode === "ISTIO_MUTUAL") return checkIstioMutual(tls, place);
  if (!terminating.has(tls.mode)) warnUnusedCertificates(tls, place);
  if (countSources(tls) > 1) {
    place.refuse(
      "certificates come from several sources",
      "keep one of credentialName, credentialNames, tlsCertificates, or serverCertificate with privateKey",
    );
  }
  if (terminating.has(tls.mode) && (tls.credentialName || tls.credentialNames?.length)) return;
  if (terminating.has(tls.mode)) checkCertificates(tls, place);
  checkRevocation(tls, place);
}

function countSources(tls: ServerTls): number {
  const files = tls.serverCertificate && tls.privateKey;
  return [files, tls.credentialName, tls.credentialNames?.length, tls.tlsCertificates?.length].filter(Boolean).length;
}

function checkIstioMutual(tls: ServerTls, place: Place): void {
  for (const field of ["serverCertificate", "privateKey", "caCertificates", "credentialName"] as const) {
    if (tls[field]) refuseOwn(field);
  }
  for (const field of ["tlsCertificates", "credentialNames"] as const) {
    if (tls[field]?.length) refuseOwn(field);
  }
  function refuseOwn(field: string): void {
    place
      .in(field)
      .refuse("ISTIO_MUTUAL uses the workload's own certificates", `remove ${field}, or write mode: MUTUAL`);
  }
}

function warnUnusedCertificates(tls: ServerTls, place: Place): void {
  const own = [tls.caCrl, tls.serverCertificate, tls.privateKey, tls.caCertificates, tls.credentialName];
  if (!own.some(Boolean) && !tls.tlsCertificates?.length && !tls.credentialNames?.length) return;
  const mode = tls.mode ?? "PASSTHROUGH";
  place.warn(`mode ${mode} uses no certificates, so the ones here are ignored`, "remove them, or write mode: SIMPLE");
}

function checkCertificates(tls: ServerTls, place: Place): void {
  const mutual = tls.mode !== "SIMPLE";
  if (mutual && !tls.caCertificates) {
    place.refuse(`${tls.mode} needs a CA for the clients`, "write credentialName, or caCertificates");
  }
  const several = tls.tlsCertificates?.length ? tls.tlsCertificates : undefined;
  if ((several?.length ?? 0) > 2) place.in("tlsCertificates").warn("two certificates are used at most", "keep two");
  const pairs = several ?? [tls];
  pairs.forEach((pair, index) => {
    const at = several ? place.in("tlsCertificates", index) : place;
    const hint = "write credentialName, or serverCertificate and privateKey";
    if (!pair.serverCertificate) at.refuse(`${tls.mode} needs a server certificate`, hint);
    if (!pair.privateKey) at.refuse(`${tls.mode} needs a private key`, hint);
  });
}

function checkRevocation(tls: ServerTls, place: Place): void {
  if (!tls.caCrl) return;
  if (tls.credentialName)
    place.in("caCrl").refuse("a credential holds its own revocation list", "put it into the Secret");
  if (tls.mode === "SIMPLE") place.in("caCrl").refuse("SIMPLE checks no client certificates", "remove caCrl");
}

const ciphers = new Set([
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA",
  "AES256-SHA",
  "DES-CBC3-SHA",
]);

function checkCiphers(tls: ServerTls, place: Place): void {
  const suites = tls.cipherSuites ?? [];
  if ((tls.minProtocolVersion === "TLSV1_0" || tls.minProtocolVersion === "TLSV1_1") && suites.length === 0) {
    place.in("minProtocolVersion").warn("no default cipher suite works with a version below 1.2", "write cipherSuites");
  }
  const seen = new Set<string>();
  suites.forEach((suite, index) => {
    const at = place.in("cipherSuites", index);
    const expression = suite === "" || suite === "ALL" || !/^[\p{L}\p{N}]/u.test(suite);
    if (!expression && !ciphers.has(suite))
      at.warn(`the cipher suite "${suite}" is not known, and ignored`, "remove it");
    else if (seen.has(suite)) at.warn(`the cipher suite "${suite}" stands here twice`, "remove one");
    else seen.add(suite);
  });
}
