import { isOutsideMesh } from "../in-mesh.ts";
import type { AuthorizationPolicy } from "../kinds/authorization-policy/schema.ts";
import type { Resource } from "../resources.ts";
import { suggest } from "../schema/suggest.ts";
import type { World } from "../world.ts";

/** AuthorizationPolicies without a workload (IST0127), or with namespaces that do not exist (IST0101). */
export function analyzeAuthorization(world: World): void {
  const namespaces = world.objectsOf("Namespace").map(({ metadata }) => metadata.name);
  for (const resource of world.resources.AuthorizationPolicy) {
    analyzeWorkloads(resource, world);
    if (namespaces.length > 0) analyzeNamespaces(resource, namespaces);
  }
}

function analyzeWorkloads({ spec, place, object }: Resource<AuthorizationPolicy>, world: World): void {
  const { namespace } = object.metadata;
  const labels = spec.selector?.matchLabels ?? {};
  const everywhere = namespace === world.mesh.rootNamespace;
  // A policy of the root namespace may be for a workload of it, such as Istio's own gateway, which the files need not have.
  if (!spec.selector || world.workloadsIn(namespace).length === 0) return;
  const known = everywhere ? world.workloads : world.workloadsIn(namespace);
  const scopes = everywhere ? [...new Set(known.map((workload) => workload.namespace))] : [namespace];
  const selected = scopes.flatMap((scope) => world.selected(scope, labels));
  if (selected.some((workload) => !isOutsideMesh(workload, world))) return;
  const text = Object.entries(labels)
    .map((label) => label.join("="))
    .join(",");
  const [outside] = selected;
  if (outside) {
    const message = `${outside.name} has the labels ${text} and no sidecar, so the policy protects nothing`;
    return place.in("selector").find("IST0127", message, "let the pods have a sidecar: sidecar.istio.io/inject");
  }
  const message = `no workload has the labels ${text}, so the policy protects nothing`;
  place.in("selector").find("IST0127", message, "correct the labels: they are those of the pods");
}

function analyzeNamespaces({ spec, place }: Resource<AuthorizationPolicy>, known: string[]): void {
  spec.rules?.forEach((rule, ruleIndex) => {
    rule.from?.forEach(({ source }, index) => {
      for (const field of ["namespaces", "notNamespaces"] as const) {
        source?.[field]?.forEach((pattern, at) => {
          if (known.some((namespace) => matches(pattern, namespace))) return;
          const meant = suggest(pattern, known);
          place
            .in("rules", ruleIndex, "from", index, "source", field, at)
            .find("IST0101", `there is no namespace ${pattern}`, meant ? `did you mean ${meant}?` : "correct the name");
        });
      }
    });
  });
}

function matches(pattern: string, namespace: string): boolean {
  if (pattern.startsWith("*")) return namespace.endsWith(pattern.slice(1));
  if (pattern.endsWith("*")) return namespace.startsWith(pattern.slice(0, -1));
  return pattern.toLowerCase() === namespace.toLowerCase();
}
