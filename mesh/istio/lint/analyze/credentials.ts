import { X509Certificate } from "node:crypto";
import type { KubeObject } from "../../kube-object.ts";
import { selects, textAt } from "../field.ts";
import type { Gateway } from "../kinds/gateway/schema.ts";
import type { Place } from "../place.ts";
import type { Resource } from "../resources.ts";
import { suggest } from "../schema/suggest.ts";
import type { World } from "../world.ts";

/** Secrets that Gateways name: missing (IST0101) or without a certificate (IST0161). Only where the files have secrets. */
export function analyzeCredentials(world: World): void {
  const secrets = readSecrets(world);
  for (const gateway of world.resources.Gateway) {
    const pod = world.workloads.find(({ labels }) => selects(gateway.spec.selector ?? {}, labels));
    const known = pod && secrets.get(pod.namespace);
    if (known) analyzeGateway(gateway, known);
  }
}

/** By name: the Secret, or undefined where something else makes it. */
type Secrets = Map<string, KubeObject | undefined>;

function readSecrets(world: World): Map<string, Secrets> {
  const byNamespace = new Map<string, Secrets>();
  for (const object of world.objects) {
    const name = secretName(object);
    if (name === undefined) continue;
    const { namespace } = object.metadata;
    const secrets = byNamespace.get(namespace) ?? new Map<string, KubeObject | undefined>();
    byNamespace.set(namespace, secrets.set(name, object.kind === "Secret" ? object : undefined));
  }
  return byNamespace;
}

/** The Secret that an object is, or that an operator makes of it. */
function secretName({ kind, metadata, spec }: KubeObject): string | undefined {
  if (kind === "Secret" || kind === "SealedSecret") return metadata.name;
  if (kind === "ExternalSecret") return textAt(spec, "target", "name") ?? metadata.name;
  return kind === "Certificate" ? textAt(spec, "secretName") : undefined;
}

function analyzeGateway({ spec, place }: Resource<Gateway>, secrets: Secrets): void {
  spec.servers?.forEach(({ tls }, index) => {
    const name = tls?.credentialName ?? "";
    const at = place.in("servers", index, "tls", "credentialName");
    if (secrets.has(name)) checkCertificate(name, secrets.get(name), at);
    else if (name !== "" && !name.includes("://")) reportMissing(name, secrets, at);
  });
}

function checkCertificate(name: string, secret: KubeObject | undefined, place: Place): void {
  const problem = certificateProblem(secret);
  if (!problem) return;
  const message = `the Secret ${name} ${problem}, so the gateway closes every connection to this server`;
  place.find("IST0161", message, "make it with: kubectl create secret tls, of a certificate and its key");
}

function reportMissing(name: string, secrets: Secrets, place: Place): void {
  const meant = suggest(name, secrets.keys());
  const message = `there is no Secret ${name} in the namespace of the gateway's pods, so it closes every connection to this server`;
  place.find("IST0101", message, meant ? `did you mean ${meant}?` : "add the Secret there, or correct the name");
}

function certificateProblem(secret: KubeObject | undefined): string | undefined {
  if (!secret) return undefined;
  const certificate = valueOf(secret, "cert", "key") ?? valueOf(secret, "tls.crt", "tls.key");
  if (certificate === undefined) return "has neither tls.crt and tls.key nor cert and key";
  try {
    new X509Certificate(certificate);
    return undefined;
  } catch {
    return "holds no certificate in PEM";
  }
}

/** The value of a key, if another is there, too. */
function valueOf({ raw }: KubeObject, key: string, beside: string): string | undefined {
  const read = (name: string) => {
    const encoded = textAt(raw, "data", name);
    return textAt(raw, "stringData", name) ?? (encoded && Buffer.from(encoded, "base64").toString("utf8"));
  };
  return read(beside) ? read(key) || undefined : undefined;
}
