import { spiffeId } from "../certificates.ts";
import { rootSecret, systemRootsSecret } from "./names.ts";
import type { SecretNeed } from "./types.ts";

interface Owner {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What istiod means by a secret's name, and the name it has here, where all proxies share one Envoy. */
export function translateSecret(istioName: string, owner: Owner): { name: string; need: SecretNeed } {
  const [scheme = "", rest = ""] = split(istioName);
  if (scheme === "kubernetes") return credential(rest, owner.namespace);
  if (scheme === "kubernetes-gateway") {
    const [namespace = "", name = ""] = rest.split("/");
    return credential(name, namespace);
  }
  if (istioName === "file-root:system") return { name: systemRootsSecret, need: { kind: "system-roots" } };
  if (scheme === "file-root") return { name: istioName, need: { kind: "root-file", file: rest } };
  if (scheme === "file-cert") {
    const [certificate = "", privateKey = ""] = rest.split("~");
    return { name: istioName, need: { kind: "files", certificate, privateKey } };
  }
  if (istioName === "ROOTCA") return { name: rootSecret, need: { kind: "root" } };
  return { name: spiffeId(owner), need: { kind: "workload", ...owner } };
}

function credential(name: string, namespace: string): { name: string; need: SecretNeed } {
  const roots = name.endsWith("-cacert");
  const bare = roots ? name.slice(0, -"-cacert".length) : name;
  return {
    name: `kubernetes://${namespace}/${name}`,
    need: { kind: "credential", namespace, name: bare, part: roots ? "roots" : "pair" },
  };
}

function split(name: string): string[] {
  const match = /^([a-z-]+):(?:\/\/)?(.*)$/.exec(name);
  return match ? [match[1] ?? "", match[2] ?? ""] : [];
}
