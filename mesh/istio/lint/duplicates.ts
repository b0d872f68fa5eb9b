import type { KubeObject } from "../kube-object.ts";
import type { Report } from "./place.ts";

/** Objects that are written twice (M905). */
export function reportDuplicates(objects: readonly KubeObject[], report: Report): void {
  const seen = new Map<string, KubeObject>();
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const key = `${apiVersion.split("/")[0]} ${kind} ${metadata.namespace}/${metadata.name}`;
    const earlier = seen.get(key);
    if (earlier) {
      const { line } = earlier.source.locate([]);
      const message = `${kind} ${metadata.name} is also in ${earlier.source.file}:${line}: the later document counts`;
      report.at(object).in("metadata", "name").find("M905", message, "rename or remove one of them");
    }
    seen.set(key, object);
  }
}
