import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as x509 from "@peculiar/x509";

/** A certificate chain and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
  readonly notAfter: Date;
}

export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface IssueOptions {
  /** Default 24 h, Istio's own default for workloads. */
  readonly ttlMs?: number;
}

/** The local stand-in for istiod's certificate authority. */
export interface CertificateAuthority {
  /** What every proxy trusts, PEM. */
  readonly root: string;
  /** A workload's certificate: its name is its SPIFFE id, good for both sides of a connection. */
  issueWorkload(identity: Identity, options?: IssueOptions): Promise<KeyPair>;
  /** A certificate for a gateway that serves HTTPS under these names. */
  issueServer(dnsNames: readonly string[], options?: IssueOptions): Promise<KeyPair>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3_600_000;
const rootTtlMs = 3_650 * 24 * hourMs;
// A proxy whose clock is a little behind must accept a certificate made just now.
const clockSkewMs = 2 * 60_000;

/** `spiffe://cluster.local/ns/NAMESPACE/sa/SERVICE_ACCOUNT`, Istio's form. */
export function spiffeId(identity: Identity): string {
  return `spiffe://cluster.local/ns/${identity.namespace}/sa/${identity.serviceAccount}`;
}

/**
 * Opens the authority kept in a file (one PEM file: private key and certificate, readable by its owner only), or makes one when
 * there is none, or none that is usable any more. Everything issued is worthless outside of the mesh that trusts this file.
 */
export async function openAuthority(file: string): Promise<CertificateAuthority> {
  const kept = await load(file);
  const authority = kept ?? (await makeAuthority());
  if (!kept) await save(file, authority);
  return issuing(authority);
}

/** An authority that is forgotten with this process. */
export async function passingAuthority(): Promise<CertificateAuthority> {
  return issuing(await makeAuthority());
}

function issuing(authority: Authority): CertificateAuthority {
  const root = authority.certificate.toString("pem");
  const issue = (subject: Subject, options: IssueOptions = {}) =>
    issueLeaf(authority, subject, options.ttlMs ?? 24 * hourMs);
  return {
    root,
    issueWorkload: (identity, options) => issue({ uris: [spiffeId(identity)], dnsNames: [] }, options),
    issueServer: (dnsNames, options) => issue({ uris: [], dnsNames }, options),
  };
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

interface Subject {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

async function makeAuthority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "O=cluster.local, CN=mainsheet local mesh",
    keys,
    ...validity(rootTtlMs),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, privateKey: keys.privateKey };
}

async function issueLeaf(authority: Authority, subject: Subject, ttlMs: number): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const names = [
    ...subject.uris.map((value) => ({ type: "url" as const, value })),
    ...subject.dnsNames.map((value) => ({ type: "dns" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    publicKey: keys.publicKey,
    subject: "",
    issuer: authority.certificate.subject,
    ...validity(ttlMs),
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      // Critical, because the subject is empty (RFC 5280, 4.2.1.6).
      new x509.SubjectAlternativeNameExtension(names, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    privateKey: await pemOf(keys.privateKey),
    notAfter: certificate.notAfter,
  };
}

function validity(ttlMs: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - clockSkewMs), notAfter: new Date(now + ttlMs) };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

async function load(file: string): Promise<Authority | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    const pem = readFileSync(file, "utf8");
    const [keyBytes] = x509.PemConverter.decode(pem.slice(0, pem.indexOf("-----BEGIN CERTIFICATE")));
    const certificate = new x509.X509Certificate(pem.slice(pem.indexOf("-----BEGIN CERTIFICATE")));
    if (!keyBytes || certificate.notAfter.getTime() < Date.now() + 24 * hourMs) return undefined;
    const privateKey = await crypto.subtle.importKey("pkcs8", keyBytes, algorithm, true, ["sign"]);
    return { certificate, privateKey };
  } catch {
    return undefined; // Cut short or not ours: a new one costs nothing.
  }
}

async function save(file: string, authority: Authority): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const pem = `${await pemOf(authority.privateKey)}${authority.certificate.toString("pem")}\n`;
  writeFileSync(`${file}.new`, pem, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
