import { listAt, selects, textAt, textsAt } from "./field.ts";
import type { Service } from "./services.ts";
import { environmentOf, type Workload } from "./workloads.ts";
import type { World } from "./world.ts";

/** The annotation in which a workload names the services that it calls, where nothing else says it. */
export const callsAnnotation = "mainsheet.dev/calls";

/**
 * Which workload calls which service, as far as the files say so: by the annotation, by addresses in environment variables and
 * ConfigMaps, by a Sidecar that lists single hosts, and by AuthorizationPolicies that allow a caller's principal.
 */
export class CallGraph {
  readonly #callees = new Map<Workload, Set<Service>>();
  readonly #callers = new Map<Service, Set<Workload>>();

  constructor(world: World) {
    for (const workload of world.workloads) {
      for (const service of namedServices(workload, world)) this.#add(workload, service);
    }
    this.#addSidecars(world);
    this.#addPrincipals(world);
  }

  callees(workload: Workload): ReadonlySet<Service> {
    return this.#callees.get(workload) ?? new Set();
  }

  callers(service: Service): ReadonlySet<Workload> {
    return this.#callers.get(service) ?? new Set();
  }

  #add(workload: Workload, service: Service): void {
    const own = service.namespace === workload.namespace && Object.keys(service.selector).length > 0;
    if (own && selects(service.selector, workload.labels)) return;
    this.#callees.set(workload, (this.#callees.get(workload) ?? new Set()).add(service));
    this.#callers.set(service, (this.#callers.get(service) ?? new Set()).add(workload));
  }

  #addSidecars(world: World): void {
    for (const { spec, object } of world.resources.Sidecar) {
      const { namespace } = object.metadata;
      if (!spec.workloadSelector?.labels) continue;
      const callers = world.selected(namespace, spec.workloadSelector.labels);
      for (const entry of spec.egress?.flatMap(({ hosts }) => hosts ?? []) ?? []) {
        const host = entry.slice(entry.indexOf("/") + 1);
        const service = host.includes("*") ? undefined : world.services.find(host, namespace);
        if (service) for (const caller of callers) this.#add(caller, service);
      }
    }
  }

  #addPrincipals(world: World): void {
    const byAccount = new Map<string, Workload[]>();
    for (const workload of world.workloads) {
      const key = `${workload.namespace}/${workload.serviceAccount}`;
      byAccount.set(key, [...(byAccount.get(key) ?? []), workload]);
    }
    for (const { spec, object } of world.resources.AuthorizationPolicy) {
      const { namespace } = object.metadata;
      if ((spec.action ?? "ALLOW") !== "ALLOW" || !spec.selector?.matchLabels) continue;
      const services = world
        .selected(namespace, spec.selector.matchLabels)
        .flatMap((callee) => world.servicesOf(callee));
      const sources = spec.rules?.flatMap(({ from }) => from?.flatMap(({ source }) => source ?? []) ?? []) ?? [];
      for (const account of sources.flatMap((source) => accountsOf(source, namespace))) {
        for (const caller of byAccount.get(account) ?? []) for (const service of services) this.#add(caller, service);
      }
    }
  }
}

function accountsOf(source: { principals?: string[]; serviceAccounts?: string[] }, namespace: string): string[] {
  const principals = (source.principals ?? []).flatMap((principal) => {
    const [, owner, account] = /\/ns\/([^/*]+)\/sa\/([^/*]+)$/.exec(principal) ?? [];
    return owner && account ? [`${owner}/${account}`] : [];
  });
  const accounts = (source.serviceAccounts ?? []).map((name) => (name.includes("/") ? name : `${namespace}/${name}`));
  return [...principals, ...accounts];
}

function namedServices(workload: Workload, world: World): Set<Service> {
  const found = new Set<Service>();
  const declared = { ...workload.object.metadata.annotations, ...workload.annotations }[callsAnnotation] ?? "";
  const texts = [...environmentOf(workload), ...configurationOf(workload, world)];
  const addresses = texts.flatMap((text) =>
    [...text.matchAll(/([a-z0-9][-a-z0-9.]*):\d+/g)].map(([, host = ""]) => host),
  );
  for (const host of [...declared.split(/[\s,]+/), ...addresses]) {
    const service = host === "" ? undefined : findService(host, workload.namespace, world);
    if (service) found.add(service);
  }
  return found;
}

/** A name as programs dial it: `product`, `product.siren`, `product.siren.svc`, or the full one. */
function findService(host: string, namespace: string, world: World): Service | undefined {
  const parts = host.split(".");
  const full = parts.length === 2 ? `${host}.svc.cluster.local` : parts.length === 3 ? `${host}.cluster.local` : host;
  return world.services.find(full, namespace) ?? world.services.find(host, namespace);
}

/** The texts of the ConfigMaps that the containers of a workload read. */
function configurationOf(workload: Workload, world: World): string[] {
  const containers = listAt(workload.object.raw, ...workload.podPath, "containers");
  const names = containers.flatMap((container) => [
    ...listAt(container, "env").flatMap((item) => textAt(item, "valueFrom", "configMapKeyRef", "name") ?? []),
    ...listAt(container, "envFrom").flatMap((item) => textAt(item, "configMapRef", "name") ?? []),
  ]);
  return [...new Set(names)].flatMap((name) => {
    const map = world.configMap(workload.namespace, name);
    return map ? Object.values(textsAt(map.raw, "data")) : [];
  });
}
