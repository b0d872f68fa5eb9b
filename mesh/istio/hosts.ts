/** The DNS suffix of Kubernetes services. */
export const clusterDomain = "cluster.local";

/** `order` in namespace siren as `order.siren.svc.cluster.local`. Names with a dot, addresses and `*` stay as they are. */
export function resolveShortName(name: string, namespace: string): string {
  if (name === "" || name === "*" || isIpAddress(name) || name.includes(".")) return name;
  return namespace === "" ? `${name}.svc.${clusterDomain}` : serviceHostname(name, namespace);
}

export function serviceHostname(name: string, namespace: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** A reference to a Gateway as `namespace/name`; `mesh` stays. The old form `name.namespace.svc...` is understood. */
export function resolveGatewayName(name: string, namespace: string): string {
  if (name === "mesh") return name;
  const slash = name.indexOf("/");
  if (slash >= 0) return name.slice(0, slash) === "." ? `${namespace}/${name.slice(slash + 1)}` : name;
  const [first = "", second] = name.split(".");
  return second === undefined ? `${namespace}/${first}` : `${second}/${first}`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/** Whether two host patterns have a host in common; a wildcard is a star and a suffix. */
export function hostsOverlap(a: string, b: string): boolean {
  if (isWildcard(a) && isWildcard(b)) {
    return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  }
  if (isWildcard(a)) return b.endsWith(a.slice(1));
  return isWildcard(b) ? a.endsWith(b.slice(1)) : a === b;
}

/** Whether every host of `a` is one of `b`. */
export function isSubsetOf(a: string, b: string): boolean {
  if (!isWildcard(b)) return a === b;
  if (isWildcard(a)) return a.length >= b.length && a.endsWith(b.slice(1));
  return a.endsWith(b.slice(1));
}

/** Orders hosts by how specific they are: exact before wildcard, then the longer first, then by the alphabet. */
export function compareSpecificity(a: string, b: string): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1;
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The most specific entry for a host: its own, or that of the longest wildcard which covers it. */
export function mostSpecific<V>(
  host: string,
  exact: ReadonlyMap<string, V>,
  wildcards: ReadonlyMap<string, V>,
): V | undefined {
  const own = (isWildcard(host) ? wildcards : exact).get(host);
  if (own !== undefined) return own;
  if (wildcards.size === 0) return undefined;
  const needle = isWildcard(host) ? host.slice(1) : host;
  let best: string | undefined;
  for (const pattern of wildcards.keys()) {
    if (!needle.endsWith(pattern.slice(1))) continue;
    if (best === undefined || compareSpecificity(pattern, best) < 0) best = pattern;
  }
  return best === undefined ? undefined : wildcards.get(best);
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isIpv4(text: string): boolean {
  return ipv4.test(text);
}

export function isIpv6(text: string): boolean {
  return text.includes(":") && /^[0-9a-fA-F:]+(\d+\.\d+\.\d+\.\d+)?(%\w+)?$/.test(text) && text.split("::").length <= 2;
}
