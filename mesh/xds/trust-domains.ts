/**
 * Principals of this mesh under every name of its trust domain: its own and its aliases. `cluster.local` in a policy stands for
 * the mesh's own. Principals of other trust domains, and those that name none, stay as they are.
 */
export function replaceTrustDomains(principals: readonly string[], trustDomains: readonly string[]): string[] {
  return principals.flatMap((principal) => {
    const parts = principal.split("/");
    const domain = parts[0] ?? "";
    if (parts.length !== 5 || domain === "*") return [principal];
    if (domain !== "cluster.local" && !trustDomains.some((each) => matches(each, domain))) return [principal];
    const renamed = trustDomains.map((each) =>
      domain.startsWith("*") && matches(each, domain) ? principal : [each, ...parts.slice(1)].join("/"),
    );
    return [...new Set(renamed)];
  });
}

/** Whether a trust domain is what a policy writes, which may start or end with a wildcard. */
function matches(trustDomain: string, written: string): boolean {
  if (written.startsWith("*")) return trustDomain.endsWith(written.slice(1));
  if (written.endsWith("*")) return trustDomain.startsWith(written.slice(0, -1));
  return trustDomain === written;
}
