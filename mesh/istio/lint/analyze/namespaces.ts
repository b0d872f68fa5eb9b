import type { KubeObject } from "../../kube-object.ts";
import type { World } from "../world.ts";

/** Namespaces that say nothing of injection (IST0102), or several things (IST0123). */
export function analyzeNamespaces(world: World): void {
  for (const namespace of world.objectsOf("Namespace")) {
    if (namespace.metadata.name !== "istio-system") analyze(namespace, world);
  }
}

function analyze(namespace: KubeObject, world: World): void {
  const { labels, name } = namespace.metadata;
  const place = world.at(namespace).in("metadata");
  const said = injectionLabels(labels);
  if (said.length > 1) {
    const message = `the namespace has the labels ${said.join(" and ")}: which of them counts is not defined`;
    place.in("labels").find("IST0123", message, "keep one of them");
  }
  if (labels["istio.io/dataplane-mode"] === "ambient" || labels["istio-injection"] || "istio.io/rev" in labels) return;
  const message = `pods of ${name} get no sidecar, so no policy holds for what they call`;
  place
    .in("name")
    .find(
      "IST0102",
      message,
      "write the label istio-injection: enabled, or istio-injection: disabled if that is meant",
    );
}

/** The labels that ask for a sidecar or for ambient mode; none where injection is off. */
function injectionLabels(labels: Record<string, string>): string[] {
  const injection = labels["istio-injection"];
  const injecting = injection === undefined ? [] : [`istio-injection=${injection}`];
  if (injection !== undefined && injection !== "enabled") return injecting;
  const others = ["istio.io/rev", "istio.io/dataplane-mode"].filter((name) => name in labels);
  return [...injecting, ...others.map((name) => `${name}=${labels[name]}`)];
}
