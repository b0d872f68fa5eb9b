import type { Place } from "../place.ts";
import { isIpAddress } from "./addresses.ts";
import { isDnsLabel, isWildcardLabel } from "./names.ts";

/** Why a text is no host name, as in `"a_b" is no label of a host name`; undefined when it is one. */
export function fqdnProblem(host: string): string | undefined {
  return lengthProblem(host) ?? labelsProblem(host);
}

/** As `fqdnProblem`, for hosts whose first label may be a wildcard. */
export function wildcardHostProblem(host: string): string | undefined {
  const length = lengthProblem(host);
  if (length) return length;
  const [first = "", ...rest] = host.split(".");
  if (!isWildcardLabel(first)) return `the host "${host}" is invalid: "${first}" is no label of a host name`;
  return rest.length > 0 ? labelsProblem(rest.join(".")) : undefined;
}

/** Gateways and Sidecars take a `*` only as a whole first label. */
export function partialWildcardProblem(host: string): string | undefined {
  if (!host.includes("*") || host.length === 1 || host.startsWith("*.")) return undefined;
  return `the partial wildcard "${host}" is not allowed`;
}

const url = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/:]+)(?::\d+)?(?:\/.*)?$/i;

/** What to write instead of a text that is no host name. */
export function hostHint(host: string): string {
  const [, bare] = url.exec(host) ?? [];
  if (bare !== undefined && bare !== host && wildcardHostProblem(bare) === undefined) {
    return `write ${bare}: a host has no scheme, port or path`;
  }
  return "write a host name of letters, digits, dots and dashes, such as product.siren.svc.cluster.local";
}

export function checkWildcardHost(host: string, place: Place): void {
  const problem = wildcardHostProblem(host);
  if (problem) place.refuse(problem, hostHint(host));
}

/** `namespace/host` of a Sidecar's egress or a Gateway's server; a Gateway takes the bare host, and addresses, too. */
export function checkNamespacedHost(text: string, kind: "gateway" | "sidecar", place: Place): void {
  const slash = text.indexOf("/");
  if (slash < 0) {
    if (kind === "gateway") return checkServerHost(text, kind, place);
    return place.refuse(`"${text}" is not of the form namespace/host`, `write "./${text}" or "*/${text}"`);
  }
  const namespace = text.slice(0, slash);
  const host = text.slice(slash + 1);
  if (namespace === "" || host === "") {
    place.refuse("namespace and host must not be empty", "write namespace/host, such as ./*");
  }
  const wildcards = kind === "sidecar" ? ["*", ".", "~"] : ["*", "."];
  if (!wildcards.includes(namespace) && !isDnsLabel(namespace)) {
    place.refuse(`"${namespace}" is no namespace`, `write a namespace, or ${wildcards.join(" or ")}`);
  }
  checkServerHost(host, kind, place);
}

function checkServerHost(host: string, kind: "gateway" | "sidecar", place: Place): void {
  if (host !== "*" && !host.includes(".")) {
    place.refuse(
      `the short name "${host}" is not allowed here`,
      `write the full name, such as ${host || "product"}.${place.object.metadata.namespace}.svc.cluster.local`,
    );
  }
  const problem = wildcardHostProblem(host);
  if (problem && (kind === "sidecar" || !isIpAddress(host))) place.refuse(problem, hostHint(host));
  const partial = partialWildcardProblem(host);
  if (partial) place.refuse(partial, "write the whole host, or replace its whole first label: *.example.com");
}

/** Whether two hosts overlap, either of which may be a wildcard: `*.com` and `a.com` do. */
export function hostsOverlap(a: string, b: string): boolean {
  const wildA = a.startsWith("*");
  const wildB = b.startsWith("*");
  if (wildA && wildB) {
    const [short, long] = a.length < b.length ? [a, b] : [b, a];
    return long.slice(1).endsWith(short.slice(1));
  }
  if (wildA) return b.endsWith(a.slice(1));
  if (wildB) return a.endsWith(b.slice(1));
  return a === b;
}

/** Whether every name that `inner` stands for is one of `outer`'s. */
export function hostCovers(outer: string, inner: string): boolean {
  if (!outer.startsWith("*")) return !inner.startsWith("*") && outer === inner;
  if (inner.startsWith("*")) return inner.length >= outer.length && inner.slice(1).endsWith(outer.slice(1));
  return inner.endsWith(outer.slice(1));
}

function lengthProblem(host: string): string | undefined {
  if (host.length > 255) return `the host "${host.slice(0, 40)}..." is longer than 255 characters`;
  return host === "" ? "the host name is empty" : undefined;
}

function labelsProblem(host: string): string | undefined {
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  if (/^[-+]?\d+$/.test(last)) return `the host "${host}" is invalid: its last label "${last}" is a number`;
  if (last === "") labels.pop();
  const bad = labels.find((label) => !isDnsLabel(label));
  return bad === undefined ? undefined : `the host "${host}" is invalid: "${bad}" is no label of a host name`;
}
