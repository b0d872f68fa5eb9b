import { clusterDomain, isIpAddress } from "#mesh/istio/hosts.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { bracketed, domainName } from "./names.ts";
import type { Proxy } from "./proxy.ts";
import { addressesFor, type Service } from "./service.ts";

/** The `:authority` values that mean a service, for a client. */
export interface ServiceDomains {
  domains: string[];
  /** Those of them that are short forms: they give way to a service whose full name they are. */
  short: ReadonlySet<string>;
}

/** With a port, each form comes with and without it; without one the route configuration ignores ports. */
export function serviceDomains(service: Service, proxy: Proxy, port: number | undefined): ServiceDomains {
  const withPort = (names: string[]): string[] =>
    port === undefined ? names : names.flatMap((name) => [name, domainName(name, port)]);
  const short: string[] = [];
  let domains: string[] = [];
  for (const hostname of [service.hostname, ...service.aliases.map((alias) => alias.hostname)]) {
    const forms = [...absoluteForms(hostname, port), ...withPort(shortForms(hostname, proxy.namespace))];
    short.push(...forms);
    domains.push(...withPort([bracketed(hostname)]), ...forms);
  }
  if (service.resolution === "passthrough" && service.registry === "kubernetes") {
    domains = [...domains, ...domains.map((domain) => `*.${domain}`)];
  }
  for (const address of addressesFor(service, proxy)) {
    if (address === "" || address === unspecifiedAddress) continue;
    domains.push(bracketed(address), ...(port === undefined ? [] : [domainName(address, port)]));
  }
  return { domains, short: new Set(short) };
}

function absoluteForms(hostname: string, port: number | undefined): string[] {
  const absolute = `${hostname}.`;
  return [...(isIpAddress(hostname) ? [] : [absolute]), ...(port === undefined ? [] : [domainName(absolute, port)])];
}

/** `order`, `order.siren.svc`, `order.siren` for a client in siren; other namespaces have to name the namespace. */
function shortForms(hostname: string, namespace: string): string[] {
  const suffix = `.svc.${clusterDomain}`;
  if (!hostname.endsWith(suffix)) return [];
  const end = hostname.indexOf(".svc.");
  const dot = hostname.indexOf(".");
  if (dot + 1 > end) return [];
  const name = hostname.slice(0, dot);
  const qualified = hostname.slice(0, end);
  const own = hostname.slice(dot + 1, end) === namespace;
  return own ? [name, `${qualified}.svc`, qualified] : [qualified, `${qualified}.svc`];
}

/** Gives each domain to the first virtual host that claims it; upper and lower case are the same. */
export class DomainClaims {
  readonly #taken = new Set<string>();
  readonly #fullNames: ReadonlySet<string>;

  constructor(fullNames: ReadonlySet<string>) {
    this.#fullNames = fullNames;
  }

  claim({ domains, short }: ServiceDomains): string[] {
    return domains.filter((domain) => {
      const key = domain.toLowerCase();
      if (this.#taken.has(key) || (short.has(domain) && this.#fullNames.has(domain))) return false;
      this.#taken.add(key);
      return true;
    });
  }
}
