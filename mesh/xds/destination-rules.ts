import type { DestinationRule } from "#mesh/istio/destination-rule.ts";
import { isWildcard, mostSpecific, resolveShortName } from "#mesh/istio/hosts.ts";
import { byPrecedence, type Resource } from "#mesh/istio/resource.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import type { Service } from "./service.ts";
import type { MeshSettings } from "./settings.ts";

export type DestinationRuleResource = Resource<DestinationRule>;

/** One or more DestinationRules of a namespace for one host, merged. */
export interface MergedRule extends DestinationRuleResource {
  exportTo: ReadonlySet<string>;
}

interface HostIndex {
  exact: Map<string, MergedRule[]>;
  wildcards: Map<string, MergedRule[]>;
}

/** Finds the DestinationRule that applies to a client's calls of a service. */
export class DestinationRules {
  readonly #local = new Map<string, HostIndex>();
  readonly #exported = new Map<string, HostIndex>();
  readonly #rootPrivate: HostIndex = { exact: new Map(), wildcards: new Map() };
  readonly #rootNamespace: string;

  constructor(resources: DestinationRuleResource[], settings: MeshSettings) {
    this.#rootNamespace = settings.rootNamespace;
    for (const resource of [...resources].sort(bySelectorAndPrecedence)) this.#add(resource, settings);
  }

  /**
   * The rules for a service, as clients of a namespace see it: from the client's namespace, else from the service's, else from
   * the root namespace. The first namespace that has one decides alone.
   */
  rulesFor(service: Service, clientNamespace: string): MergedRule[] {
    const own = clientNamespace === this.#rootNamespace ? this.#rootPrivate : this.#local.get(clientNamespace);
    const local = own && mostSpecific(service.hostname, own.exact, own.wildcards);
    if (local) return local;
    for (const namespace of [service.namespace, this.#rootNamespace]) {
      const exported = this.#exported.get(namespace);
      const rules = exported && mostSpecific(service.hostname, exported.exact, exported.wildcards);
      const visible = (rules ?? []).filter(
        ({ exportTo }) => exportTo.size === 0 || exportTo.has("*") || exportTo.has(clientNamespace),
      );
      if (visible.length > 0) return visible;
    }
    return [];
  }

  #add(resource: DestinationRuleResource, settings: MeshSettings): void {
    const { namespace, spec } = resource;
    const rule: DestinationRuleResource = {
      ...resource,
      spec: { ...spec, host: resolveShortName(spec.host ?? "", namespace) },
    };
    const exportTo: ReadonlySet<string> = new Set(spec.workloadSelector ? ["."] : (spec.exportTo ?? []));
    if (exportTo.size === 0 || ["*", ".", namespace].some((name) => exportTo.has(name))) {
      merge(indexOf(this.#local, namespace), rule, exportTo);
    }
    const isPrivate =
      exportTo.size === 0
        ? settings.destinationRuleExportTo.has(".")
        : exportTo.size === 1 && (exportTo.has(".") || exportTo.has(namespace));
    if (!isPrivate) merge(indexOf(this.#exported, namespace), rule, exportTo);
    else if (namespace === this.#rootNamespace) merge(this.#rootPrivate, rule, exportTo);
  }
}

/** The rule among a service's rules that a proxy uses: one whose workloadSelector picks it, else the one without a selector. */
export function ruleForProxy(
  rules: MergedRule[],
  proxy: Proxy,
  { inbound }: { inbound: boolean },
): MergedRule | undefined {
  let general: MergedRule | undefined;
  for (const rule of rules) {
    const selector = rule.spec.workloadSelector;
    if (!selector) general = rule;
    else if (!inbound && rule.namespace === proxy.namespace && labelsMatch(selector.matchLabels ?? {}, proxy.labels)) {
      return rule;
    }
  }
  return general;
}

function bySelectorAndPrecedence(a: DestinationRuleResource, b: DestinationRuleResource): number {
  const [first, second] = [a.spec.workloadSelector !== undefined, b.spec.workloadSelector !== undefined];
  return first === second ? byPrecedence(a, b) : first ? -1 : 1;
}

function indexOf(indexes: Map<string, HostIndex>, namespace: string): HostIndex {
  const index = indexes.get(namespace) ?? { exact: new Map(), wildcards: new Map() };
  indexes.set(namespace, index);
  return index;
}

/** Rules of one namespace for the same host and the same audience become one: subsets add up, the first trafficPolicy stays. */
function merge(index: HostIndex, rule: DestinationRuleResource, exportTo: ReadonlySet<string>): void {
  const host = rule.spec.host ?? "";
  const byHost = isWildcard(host) ? index.wildcards : index.exact;
  const rules = byHost.get(host) ?? [];
  byHost.set(host, rules);
  let separate = true;
  rules.forEach((existing, position) => {
    separate = !sameAudience(exportTo, existing.exportTo) || !sameSelector(existing.spec, rule.spec);
    if (!separate) rules[position] = mergeTwo(existing, rule);
  });
  if (separate) rules.push({ ...rule, exportTo });
}

/** Two rules merge when both are exported to the same namespaces, or the later one to more than the earlier. */
function sameAudience(later: ReadonlySet<string>, earlier: ReadonlySet<string>): boolean {
  if (earlier.size === 0) return later.size === 0;
  return [...earlier].every((name) => later.has(name));
}

function sameSelector(a: DestinationRule, b: DestinationRule): boolean {
  if (!a.workloadSelector || !b.workloadSelector) return !a.workloadSelector && !b.workloadSelector;
  const [first, second] = [a.workloadSelector.matchLabels ?? {}, b.workloadSelector.matchLabels ?? {}];
  return Object.keys(first).length === Object.keys(second).length && labelsMatch(first, second);
}

function mergeTwo(existing: MergedRule, rule: DestinationRuleResource): MergedRule {
  const names = new Set((existing.spec.subsets ?? []).map((subset) => subset.name));
  const added = (rule.spec.subsets ?? []).filter((subset) => !names.has(subset.name));
  const trafficPolicy = existing.spec.trafficPolicy ?? rule.spec.trafficPolicy;
  return {
    ...existing,
    spec: {
      ...existing.spec,
      subsets: [...(existing.spec.subsets ?? []), ...added],
      ...(trafficPolicy && { trafficPolicy }),
    },
  };
}
