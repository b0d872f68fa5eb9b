import { existsSync, readFileSync } from "node:fs";
import type { Rejection } from "./ads-stream.ts";
import { type CertificateAuthority, type KeyPair, spiffeId } from "./certificates.ts";
import type { Json } from "./envoy-api.ts";
import type { SecretNeed } from "./localize/types.ts";

/** A certificate and key from a Kubernetes Secret, as a Gateway's `credentialName` names it. */
export interface Credential {
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly roots?: string;
}

export interface SecretStoreOptions {
  readonly authority: CertificateAuthority;
  /** How long workload certificates live; they are replaced after half of it. Default 24 h. */
  readonly ttlMs?: number;
}

export interface Secrets {
  readonly secrets: ReadonlyMap<string, Json>;
  readonly failures: readonly Rejection[];
}

/** Where this machine keeps the certificates of public authorities. */
const systemRootFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Makes the secrets that the configuration asks for, and makes them anew before they expire. */
export class SecretStore {
  readonly #authority: CertificateAuthority;
  readonly #ttlMs: number;
  readonly #workloads = new Map<string, KeyPair>();
  readonly #servers = new Map<string, KeyPair>();

  constructor(options: SecretStoreOptions) {
    this.#authority = options.authority;
    this.#ttlMs = options.ttlMs ?? 24 * 3_600_000;
  }

  /** How often to look for certificates that are due: an eighth of their life. */
  get checkEveryMs(): number {
    return this.#ttlMs / 8;
  }

  /**
   * The SDS resources for what is needed, without those whose files cannot be read. `outside` looks Kubernetes Secrets up; where there is
   * none, a gateway gets a certificate of the local authority for its hosts.
   */
  async resources(needs: ReadonlyMap<string, SecretNeed>, outside: Outside): Promise<Secrets> {
    const secrets = new Map<string, Json>();
    const failures: Rejection[] = [];
    for (const [name, need] of needs) {
      try {
        secrets.set(name, { name, ...(await this.#secret(need, outside)) });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        failures.push({ kind: "secrets", names: [name], message: `a certificate cannot be read here: ${message}` });
      }
    }
    return { secrets, failures };
  }

  async #secret(need: SecretNeed, outside: Outside): Promise<Json> {
    switch (need.kind) {
      case "workload":
        return pairSecret(await this.#workload(need));
      case "root":
        return rootsSecret({ inline_string: this.#authority.root });
      case "system-roots":
        return rootsSecret({ filename: systemRoots() });
      case "root-file":
        return rootsSecret({ inline_string: readFileSync(need.file, "utf8") });
      case "files":
        return pairSecret({
          certificate: readFileSync(need.certificate, "utf8"),
          privateKey: readFileSync(need.privateKey, "utf8"),
        });
      case "credential":
        return this.#credential(need, outside);
    }
  }

  async #workload(identity: { namespace: string; serviceAccount: string }): Promise<KeyPair> {
    const id = spiffeId(identity);
    const kept = this.#workloads.get(id);
    if (kept && kept.notAfter.getTime() - Date.now() > this.#ttlMs / 2) return kept;
    const made = await this.#authority.issueWorkload(identity, { ttlMs: this.#ttlMs });
    this.#workloads.set(id, made);
    return made;
  }

  async #credential(need: Extract<SecretNeed, { kind: "credential" }>, outside: Outside): Promise<Json> {
    const found = outside.credential(need.namespace, need.name);
    if (need.part === "roots") return rootsSecret({ inline_string: found?.roots ?? this.#authority.root });
    if (found?.certificate && found.privateKey) {
      return pairSecret({ certificate: found.certificate, privateKey: found.privateKey });
    }
    const hosts = outside.hosts(need.namespace, need.name);
    const key = hosts.join(",");
    const kept = this.#servers.get(key);
    const made = kept ?? (await this.#authority.issueServer(hosts, { ttlMs: 365 * 24 * 3_600_000 }));
    this.#servers.set(key, made);
    return pairSecret(made);
  }
}

export interface Outside {
  credential(namespace: string, name: string): Credential | undefined;
  /** The names that servers with this credential serve. */
  hosts(namespace: string, name: string): readonly string[];
}

function pairSecret(pair: { certificate: string; privateKey: string }): Json {
  return {
    tls_certificate: {
      certificate_chain: { inline_string: pair.certificate },
      private_key: { inline_string: pair.privateKey },
    },
  };
}

function rootsSecret(trustedCa: Json): Json {
  return { validation_context: { trusted_ca: trustedCa } };
}

function systemRoots(): string {
  const file = systemRootFiles.find((candidate) => existsSync(candidate));
  if (!file) throw new Error(`no certificates of public authorities found (looked for ${systemRootFiles.join(", ")})`);
  return file;
}
