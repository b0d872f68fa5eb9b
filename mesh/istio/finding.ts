import type { Path, Source } from "./source.ts";

export type Severity = "error" | "warning" | "info";

/** A problem in YAML: where it stands, what will happen, and what to write instead. Lines and columns count from 1. */
export interface Finding {
  code: string;
  severity: Severity;
  file: string;
  line: number;
  column: number;
  /** The field, as in `spec.http[0].timeout`; empty when the problem is the whole document. */
  path: string;
  message: string;
  hint: string;
}

/** What loading and compiling report. The linter has tables of its own for IST and M0xx codes. */
export const codes = {
  /** A field that istiod honours and this compiler does not, yet. */
  unsupported: { code: "M900", severity: "warning" },
  /** The text is not YAML, or not YAML that can be read safely. */
  unreadable: { code: "M901", severity: "error" },
  /** A document without apiVersion, kind or metadata.name. */
  notAnObject: { code: "M902", severity: "error" },
  /** A document that is of something else than Kubernetes. */
  foreign: { code: "M909", severity: "info" },
  /** A value of another type than the field has. */
  wrongType: { code: "M903", severity: "error" },
  /** A kind that nothing here reads: kept, without effect. */
  unknownKind: { code: "M904", severity: "info" },
  /** Two documents for one object: the later one counts, as with `kubectl apply`. */
  duplicateObject: { code: "M905", severity: "warning" },
  /** Something named that is not there, or not visible from there. */
  badReference: { code: "M908", severity: "warning" },
  /** A field that the resource does not have. Kubernetes prunes it, so that what was meant never takes effect. */
  unknownField: { code: "M907", severity: "warning" },
  /** A value that Envoy would refuse; the field is left out. */
  badValue: { code: "M906", severity: "error" },
  /** Envoy itself refused what was made of it; what was in force before stays in force. */
  refused: { code: "M910", severity: "error" },
  /** A rule that means something in a cluster and cannot be honoured on a laptop. */
  notLocal: { code: "M911", severity: "warning" },
} as const satisfies Record<string, { code: string; severity: Severity }>;

export type Problem = keyof typeof codes;

/** A finding at a path of a document. */
export function findingAt(
  source: Source,
  path: Path,
  what: { problem: Problem; message: string; hint: string },
): Finding {
  const { code, severity } = codes[what.problem];
  const { line, column } = source.locate(path);
  return {
    code,
    severity,
    file: source.file,
    line,
    column,
    path: formatPath(path),
    message: what.message,
    hint: what.hint,
  };
}

/** `["spec", "http", 0, "timeout"]` as `spec.http[0].timeout`; keys that are not plain words are quoted. */
export function formatPath(path: Path): string {
  let out = "";
  for (const step of path) {
    if (typeof step === "number") out += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) out += out === "" ? step : `.${step}`;
    else out += `[${JSON.stringify(step)}]`;
  }
  return out;
}
