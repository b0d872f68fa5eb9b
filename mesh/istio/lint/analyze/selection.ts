import type { Code } from "../codes.ts";
import type { Resource } from "../resources.ts";
import type { World } from "../world.ts";

/** An object that configures a workload by its labels, or a namespace. */
export interface Selection {
  resource: Resource<unknown>;
  /** The field that holds the selector. */
  field: string;
  labels: Record<string, string> | undefined;
}

interface Context {
  world: World;
  kind: string;
  /** Reported where two select one workload. */
  several: Code;
  /** Reported where two in a namespace select everything. */
  without: Code;
}

/** Of kinds that hold one at a time: objects that select nothing, the same workload, or the same namespace. */
export function analyzeSelection(selections: readonly Selection[], context: Context): void {
  const byTarget = new Map<string, Selection[]>();
  for (const selection of selections) {
    for (const target of targetsOf(selection, context))
      byTarget.set(target, [...(byTarget.get(target) ?? []), selection]);
  }
  const reported = new Set<Selection>();
  for (const [target, rivals] of byTarget) {
    if (rivals.length < 2) continue;
    for (const rival of rivals.filter((selection) => !reported.has(selection))) {
      reported.add(rival);
      report(rival, { target, rivals, context });
    }
  }
}

function targetsOf(selection: Selection, { world }: Context): string[] {
  const { labels = {}, resource, field } = selection;
  const { namespace } = resource.object.metadata;
  if (Object.keys(labels).length === 0) return [namespace];
  const selected = world.selected(namespace, labels);
  if (selected.length === 0 && world.workloadsIn(namespace).length > 0) {
    const text = Object.entries(labels)
      .map((label) => label.join("="))
      .join(",");
    const message = `no workload of ${namespace} has the labels ${text}, so this holds for nothing`;
    resource.place.in(field).find("IST0101", message, "correct the labels: they are those of the pods");
  }
  return selected.map(({ name }) => `${namespace}/${name}`);
}

function report(selection: Selection, found: { target: string; rivals: Selection[]; context: Context }): void {
  const { context, target } = found;
  const names = found.rivals.map(({ resource }) => resource.object.metadata.name).sort();
  const { place } = selection.resource;
  const which = "which of them holds depends on their age";
  if (target.includes("/")) {
    const message = `the ${context.kind}s ${names.join(", ")} select the workload ${target}: ${which}`;
    place.in(selection.field).find(context.several, message, "make the selectors disjoint, or merge the objects");
  } else {
    const message = `the ${context.kind}s ${names.join(", ")} have no selector in the namespace ${target}: ${which}`;
    place.find(context.without, message, "keep one without a selector, and give the others one");
  }
}
