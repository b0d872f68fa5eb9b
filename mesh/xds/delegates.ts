import { type Finding, findingAt } from "#mesh/istio/finding.ts";
import { inheritOrigin, originOf } from "#mesh/istio/shape.ts";
import type { HttpMatch, HttpRoute, StringMatch } from "#mesh/istio/virtual-service.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";
import { audienceOf, canSee } from "./visibility.ts";

/**
 * Puts the routes of delegate VirtualServices (those without hosts) in the place of the routes that delegate to them. A route
 * whose delegate is missing or not exported is dropped, and is a finding.
 */
export function mergeDelegates(
  resources: VirtualServiceResource[],
  defaultExportTo: ReadonlySet<string>,
  findings: Finding[],
): VirtualServiceResource[] {
  const isDelegate = ({ spec }: VirtualServiceResource): boolean => (spec.hosts ?? []).length === 0;
  const delegates = new Map(resources.filter(isDelegate).map((one) => [`${one.namespace}/${one.name}`, one]));
  return resources
    .filter((resource) => !isDelegate(resource))
    .map((root) => {
      if (!root.spec.http?.some((route) => route.delegate)) return root;
      const http = root.spec.http.flatMap((route) => {
        if (!route.delegate) return [route];
        const { namespace = root.namespace, name = "" } = route.delegate;
        const delegate = delegates.get(`${namespace || root.namespace}/${name}`);
        const problem = whyNot(delegate, root, defaultExportTo);
        if (problem || !delegate) {
          report(route, `delegate ${namespace}/${name} ${problem}: this route is dropped`, findings);
          return [];
        }
        return mergeRoutes(route, delegate.spec.http ?? [], findings);
      });
      return { ...root, spec: { ...root.spec, http } };
    });
}

function whyNot(
  delegate: VirtualServiceResource | undefined,
  root: VirtualServiceResource,
  defaultExportTo: ReadonlySet<string>,
): string {
  if (!delegate) return "is not there (a delegate is a VirtualService without hosts)";
  const { exportTo = [] } = delegate.spec;
  // Here, unlike elsewhere, istiod honours the namespaces that a default names.
  const given = exportTo.length > 0 ? exportTo : defaultExportTo;
  const audience = audienceOf(given, delegate.namespace, defaultExportTo);
  return canSee(audience, root.namespace) ? "" : `is not exported to ${root.namespace}`;
}

function report(route: HttpRoute, message: string, findings: Finding[]): void {
  const origin = originOf(route);
  if (!origin) return;
  const hint = "create the delegate, export it, or route here";
  findings.push(
    findingAt(origin.object.source, [...origin.path, "delegate"], { problem: "badReference", message, hint }),
  );
}

function mergeRoutes(root: HttpRoute, delegated: HttpRoute[], findings: Finding[]): HttpRoute[] {
  const merged: HttpRoute[] = [];
  for (const route of delegated) {
    const match = mergeMatches(root.match ?? [], route.match ?? []);
    if (match) merged.push(mergeRoute(root, route, match));
    else report(root, `a route of the delegate matches nothing that this route matches: it is dropped`, findings);
  }
  return merged;
}

/** What a delegate's route inherits when it does not say so itself. */
const inherited = [
  "rewrite",
  "directResponse",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrors",
  "mirrorPercent",
  "mirrorPercentage",
  "corsPolicy",
  "headers",
] as const;

function mergeRoute(root: HttpRoute, route: HttpRoute, match: HttpMatch[]): HttpRoute {
  const name = [root.name, route.name].filter((part) => part).join("-");
  const merged: HttpRoute = { ...route, ...(match.length > 0 && { match }), ...(name && { name }) };
  for (const field of inherited) {
    if (route[field] === undefined && root[field] !== undefined) Object.assign(merged, { [field]: root[field] });
  }
  return inheritOrigin(merged, route);
}

/** Every match of the delegate with every match of the root that it fits; undefined when one of them fits none. */
function mergeMatches(roots: HttpMatch[], leaves: HttpMatch[]): HttpMatch[] | undefined {
  if (roots.length === 0) return leaves;
  if (leaves.length === 0) return roots;
  const merged: HttpMatch[] = [];
  for (const leaf of leaves) {
    const fitting = roots.filter((root) => !conflicts(root, leaf));
    if (fitting.length === 0) return undefined;
    merged.push(...fitting.map((root) => mergeMatch(root, leaf)));
  }
  return merged;
}

function mergeMatch(root: HttpMatch, leaf: HttpMatch): HttpMatch {
  const name = [root.name, leaf.name].filter((part) => part).join("-");
  const gateways = leaf.gateways && leaf.gateways.length > 0 ? leaf.gateways : root.gateways;
  const { name: _rootName, ignoreUriCase: _case, ...outer } = root;
  return inheritOrigin(
    {
      ...outer,
      ...leaf,
      ...(name && { name }),
      ...(gateways && { gateways }),
      ...mergeMaps("headers", root, leaf),
      ...mergeMaps("withoutHeaders", root, leaf),
      ...mergeMaps("queryParams", root, leaf),
      ...mergeMaps("sourceLabels", root, leaf),
    },
    leaf,
  );
}

function mergeMaps(
  field: "headers" | "withoutHeaders" | "queryParams" | "sourceLabels",
  root: HttpMatch,
  leaf: HttpMatch,
): HttpMatch {
  return root[field] || leaf[field] ? { [field]: { ...root[field], ...leaf[field] } } : {};
}

function conflicts(root: HttpMatch, leaf: HttpMatch): boolean {
  const texts = (["uri", "scheme", "method", "authority"] as const).some((field) =>
    textsConflict(root[field], leaf[field]),
  );
  const maps = (["headers", "withoutHeaders", "queryParams"] as const).some((field) =>
    Object.entries(leaf[field] ?? {}).some(([key, value]) => textsConflict(root[field]?.[key], value)),
  );
  return texts || maps || placesConflict(root, leaf);
}

function placesConflict(root: HttpMatch, leaf: HttpMatch): boolean {
  if ((root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (root.port && leaf.port && root.port !== leaf.port) return true;
  if (root.sourceNamespace && leaf.sourceNamespace !== root.sourceNamespace) return true;
  const labels = Object.entries(leaf.sourceLabels ?? {});
  if (labels.some(([key, value]) => (root.sourceLabels?.[key] ?? value) !== value)) return true;
  const [outer, inner] = [root.gateways ?? [], leaf.gateways ?? []];
  if (outer.length === 0 || inner.length === 0) return false;
  return outer.length < inner.length || inner.some((gateway) => !outer.includes(gateway));
}

/** Whether the leaf's texts are not surely among the root's. Expressions cannot be compared, so they always conflict. */
function textsConflict(root: StringMatch | undefined, leaf: StringMatch | undefined): boolean {
  if (!root || !leaf) return false;
  const hasText = (match: StringMatch): boolean => Boolean(match.regex || match.prefix || match.exact);
  if ((root.regex && hasText(leaf)) || (leaf.regex && hasText(root))) return true;
  if (root.exact) return leaf.prefix ? true : leaf.exact !== root.exact;
  if (root.prefix) {
    const text = leaf.prefix || leaf.exact;
    return text ? !text.startsWith(root.prefix) : true;
  }
  return true;
}
