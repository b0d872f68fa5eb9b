import type { Finding } from "../finding.ts";
import type { KubeObject } from "../kube-object.ts";
import { type Code, isCode } from "./codes.ts";
import type { Report } from "./place.ts";
import type { World } from "./world.ts";

/** The annotation that suppresses findings of an object: `"M005=reason; M007=reason"`. */
export const ignoreAnnotation = "mainsheet.dev/ignore";

/** Found along the calls of workloads: where the files have none, that nothing is found says nothing. */
const foundAlongCalls: ReadonlySet<Code> = new Set<Code>(["M006"]);

/** Objects' findings are matched by the object they were reported for. */
export interface Reported {
  object: KubeObject;
  finding: Finding;
}

/**
 * Leaves out the findings that their object's annotation suppresses. A suppression without a reason counts for nothing and is a
 * finding itself (M038), and so is one that suppresses nothing (M039).
 */
export function suppress(reported: readonly Reported[], { objects, workloads }: World, report: Report): Finding[] {
  const ignored = new Map<KubeObject, Map<Code, boolean>>();
  for (const object of objects) {
    const text = object.metadata.annotations[ignoreAnnotation];
    if (text !== undefined) ignored.set(object, parse(text, object, report));
  }
  const kept = reported.filter(({ object, finding }) => {
    const codes = ignored.get(object);
    if (!codes?.has(finding.code as Code)) return true;
    codes.set(finding.code as Code, true);
    return false;
  });
  for (const [object, codes] of ignored) {
    if (workloads.length === 0) for (const code of foundAlongCalls) codes.delete(code);
    reportUnused(object, codes, report);
  }
  return kept.map(({ finding }) => finding);
}

/** Where an entry ends: reasons may hold semicolons, too. */
const nextEntry = /;(?=\s*[A-Z]+\d+\s*(?:[=;]|$))/;

/** The codes that an annotation suppresses, none of which has suppressed anything yet. */
function parse(text: string, object: KubeObject, report: Report): Map<Code, boolean> {
  const codes = new Map<Code, boolean>();
  const place = report.at(object).in("metadata", "annotations", ignoreAnnotation);
  for (const entry of text.split(nextEntry)) {
    if (entry.replaceAll(";", "").trim() === "") continue;
    const [code = "", ...reason] = entry.split("=");
    const name = code.trim();
    if (!isCode(name))
      place.find("M038", `"${name}" is no code, so nothing is suppressed`, "write a code, such as M005");
    else if (reason.join("=").trim() === "") {
      place.find("M038", `${name} has no reason, so it is not suppressed`, `write "${name}=the reason"`);
    } else codes.set(name, false);
  }
  return codes;
}

function reportUnused(object: KubeObject, codes: Map<Code, boolean>, report: Report): void {
  const place = report.at(object).in("metadata", "annotations", ignoreAnnotation);
  for (const [code, used] of codes) {
    if (!used)
      place.find("M039", `the object has no finding ${code} to suppress`, `remove ${code} from the annotation`);
  }
}
