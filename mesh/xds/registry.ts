import { inTrustDomains } from "./names.ts";
import type { Endpoint, Service, ServicePort } from "./service.ts";
import type { MeshSettings } from "./settings.ts";
import { type Audience, audienceOf, canSee, VisibilityIndex } from "./visibility.ts";

/** All services of the mesh, indexed by host and by who sees them. */
export class Registry {
  readonly services: Service[];
  readonly #visible = new VisibilityIndex<Service>();
  readonly #audiences = new Map<Service, Audience>();
  readonly #byHost = new Map<string, Map<string, Service>>();
  readonly #identities = new Map<string, string[]>();
  readonly #sameHost = new Map<string, Service[]>();
  readonly #aliases: readonly string[];

  constructor(services: Service[], settings: MeshSettings) {
    this.#aliases = settings.trustDomainAliases;
    this.services = services.sort(byAge);
    resolveAliases(services);
    for (const service of this.services) {
      const audience = audienceOf(service.exportTo, service.namespace, settings.serviceExportTo);
      this.#audiences.set(service, audience);
      this.#visible.add(service, service.namespace, audience);
      this.#addHost(service);
      const key = `${service.namespace}/${service.hostname}`;
      this.#sameHost.set(key, [...(this.#sameHost.get(key) ?? []), service]);
    }
  }

  /** The services that a namespace may know, its own private ones first. */
  visibleFrom(namespace: string): Service[] {
    return this.#visible.visibleFrom(namespace);
  }

  isVisible(service: Service, namespace: string): boolean {
    const audience = this.#audiences.get(service);
    return audience !== undefined && canSee(audience, namespace);
  }

  /** The services of a host, by their namespaces. */
  named(hostname: string): ReadonlyMap<string, Service> {
    return this.#byHost.get(hostname) ?? new Map();
  }

  /**
   * The endpoints of one port of a service, with those of all services of the same host in its namespace, such as the
   * ServiceEntries of several teams.
   */
  endpointsOf(service: Service, port: ServicePort): Endpoint[] {
    const same = this.#sameHost.get(`${service.namespace}/${service.hostname}`) ?? [];
    const onPort = ({ endpoints }: Service): Endpoint[] => endpoints.filter(({ portName }) => portName === port.name);
    if (same.length < 2) return onPort(service);
    const resolved = same.find((each) => isOneName(each) && onPort(each).length > 0);
    return same.filter((each) => !isOneName(each) || each === resolved).flatMap(onPort);
  }

  /** The identities that may answer for a service, in any of the mesh's trust domains: its endpoints' and those that it names. Sorted. */
  identitiesOf(service: Service): string[] {
    const key = `${service.namespace}/${service.hostname}`;
    let identities = this.#identities.get(key);
    if (!identities) {
      const own = collectIdentities(this.#sameHost.get(key) ?? []);
      identities = [...new Set([...own].flatMap((identity) => inTrustDomains(identity, this.#aliases)))].sort();
      this.#identities.set(key, identities);
    }
    return identities;
  }

  /** A Kubernetes Service wins over a ServiceEntry for the same host; otherwise the first does. */
  #addHost(service: Service): void {
    const byNamespace = this.#byHost.get(service.hostname) ?? new Map<string, Service>();
    this.#byHost.set(service.hostname, byNamespace);
    const existing = byNamespace.get(service.namespace);
    if (!existing || (existing.registry !== "kubernetes" && service.registry === "kubernetes")) {
      byNamespace.set(service.namespace, service);
    }
  }
}

/** Envoy resolves one name for it: others like it add nothing. */
function isOneName({ resolution }: Service): boolean {
  return resolution === "dns-round-robin";
}

/** Of services with the same host all endpoints count, but of the identities that they name only those of the last. */
function collectIdentities(services: Service[]): Set<string> {
  const named = services.at(-1)?.identities ?? [];
  const found = services.flatMap(({ endpoints }) => endpoints.map(({ identity }) => identity));
  return new Set([...found, ...named].filter((identity) => identity !== ""));
}

function byAge(a: Service, b: Service): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0;
}

/** Tells each service which ExternalName services stand for it, directly or through others. */
function resolveAliases(services: Service[]): void {
  const aliases = new Map(
    services.filter((one) => one.externalName !== "").map((one) => [one.hostname, one.externalName]),
  );
  if (aliases.size === 0) return;
  const byHost = new Map<string, Service[]>();
  for (const service of services) byHost.set(service.hostname, [...(byHost.get(service.hostname) ?? []), service]);
  for (const service of services.filter((one) => one.externalName !== "")) {
    let target = service.externalName;
    for (let hops = 0; aliases.has(target) && hops < 10; hops++) target = aliases.get(target) ?? target;
    for (const concrete of byHost.get(target) ?? []) {
      if (concrete.externalName === "")
        concrete.aliases.push({ hostname: service.hostname, namespace: service.namespace });
    }
  }
}
