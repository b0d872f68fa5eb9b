import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import type { Credential, Outside } from "./secret-store.ts";

/** The Secrets and Gateways of the files, as far as certificates of gateways are concerned. */
export function credentialsOf(objects: readonly KubeObject[]): Outside {
  return {
    credential: (namespace, name) => {
      const secret = objects.find(
        (object) =>
          object.kind === "Secret" && object.metadata.namespace === namespace && object.metadata.name === name,
      );
      return secret ? credentialIn(secret) : undefined;
    },
    hosts: (namespace, name) => {
      const hosts = objects.flatMap((object) => (object.kind === "Gateway" ? hostsOf(object, name) : []));
      return hosts.length > 0 ? [...new Set(hosts)] : [`${name}.${namespace}`];
    },
  };
}

function credentialIn(secret: KubeObject): Credential {
  const raw = isRecord(secret.raw) ? secret.raw : {};
  const value = (...keys: string[]): string | undefined => {
    for (const key of keys) {
      const plain = isRecord(raw["stringData"]) ? raw["stringData"][key] : undefined;
      if (typeof plain === "string") return plain;
      const encoded = isRecord(raw["data"]) ? raw["data"][key] : undefined;
      if (typeof encoded === "string") return Buffer.from(encoded, "base64").toString("utf8");
    }
    return undefined;
  };
  const certificate = value("tls.crt", "cert");
  const privateKey = value("tls.key", "key");
  const roots = value("ca.crt", "cacert");
  return {
    ...(certificate ? { certificate } : {}),
    ...(privateKey ? { privateKey } : {}),
    ...(roots ? { roots } : {}),
  };
}

function hostsOf(gateway: KubeObject, credential: string): string[] {
  const servers = isRecord(gateway.spec) && Array.isArray(gateway.spec["servers"]) ? gateway.spec["servers"] : [];
  return servers.filter(isRecord).flatMap((server) => {
    const tls = isRecord(server["tls"]) ? server["tls"] : {};
    if (tls["credentialName"] !== credential || !Array.isArray(server["hosts"])) return [];
    // `namespace/host`
    return server["hosts"]
      .map((host) => String(host).split("/").at(-1) ?? "")
      .filter((host) => host !== "*" && host !== "");
  });
}
