import { isControlPlane } from "../in-mesh.ts";
import { suggest } from "../schema/suggest.ts";
import type { Service } from "../services.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

/** Services whose selector finds no pod (M040), in namespaces of which the files have workloads with such labels. */
export function checkServices({ world }: Context): void {
  for (const service of world.services.all) {
    if (!service.external && !isControlPlane(service.object)) checkSelector(service, world);
  }
}

function checkSelector({ selector, namespace, name, object }: Service, world: World): void {
  const labels = Object.entries(selector);
  if (labels.length === 0 || world.selected(namespace, selector).length > 0) return;
  const workloads = world.workloadsIn(namespace);
  const comparable = workloads.filter((workload) => labels.every(([key]) => key in workload.labels));
  if (comparable.length === 0) return;
  const text = labels.map((label) => label.join("=")).join(",");
  const message = `no workload of ${namespace} has the labels ${text}: requests to ${name} are answered with 503 (gRPC status 14, UH)`;
  const texts = new Set(
    comparable.map((workload) => labels.map(([key]) => `${key}=${workload.labels[key]}`).join(",")),
  );
  const meant = suggest(text, texts);
  const hint = meant ? `did you mean ${meant}?` : "correct the selector: its labels are those of the pods";
  world.at(object).in("spec", "selector").find("M040", message, hint);
}
