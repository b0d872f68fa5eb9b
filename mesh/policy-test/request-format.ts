import { type Finding, formatPath } from "#mesh/istio/finding.ts";
import { isRecord } from "#mesh/istio/kube-object.ts";
import type { Path, Source } from "#mesh/istio/source.ts";
import { type Schema, violationsOf } from "./json-schema.ts";

// The format of istio-config-validator: `testCases`, each a set of requests and a part of the HTTPRoute that must serve them.
// https://github.com/getyourguide/istio-config-validator/blob/main/docs/test-cases.md

/** The parts of an HTTPRoute that a case may ask for. */
export const routeParts = ["route", "redirect", "rewrite", "fault", "headers", "delegate"] as const;
export type RoutePart = (typeof routeParts)[number];

export interface RequestCase {
  description: string;
  path: Path;
  /** False: the parts asked for must be different from what serves the requests. */
  wantMatch: boolean;
  requests: PlainRequest[];
  expect: Partial<Record<RoutePart, unknown>>;
}

export interface PlainRequest {
  authority: string;
  method: string;
  path: string;
  headers: Record<string, string>;
}

export interface RequestSuite {
  file: string;
  source: Source;
  cases: RequestCase[];
}

const text: Schema = { type: "string" };
const texts: Schema = { type: "array", minItems: 1, items: text };
const caseSchema: Schema = {
  type: "object",
  required: ["description", "request"],
  additionalProperties: false,
  properties: {
    description: text,
    wantMatch: { type: "boolean" },
    request: {
      type: "object",
      required: ["authority", "method", "uri"],
      additionalProperties: false,
      properties: {
        authority: texts,
        method: texts,
        uri: texts,
        headers: { type: "object", additionalProperties: text },
      },
    },
    route: { type: "array", items: { type: "object" } },
    redirect: { type: "object" },
    rewrite: { type: "object" },
    fault: { type: "object" },
    headers: { type: "object" },
    delegate: { type: "object" },
  },
};

/** Reads a document's `testCases`. A case that is not in the format is a finding, the others are still there. */
export function readRequestSuite(testCases: unknown[], source: Source): { suite: RequestSuite; findings: Finding[] } {
  const findings: Finding[] = [];
  const cases = testCases.flatMap((value, index) => {
    const path: Path = ["testCases", index];
    const violations = violationsOf(caseSchema, value);
    for (const violation of violations) {
      const at = [...path, ...violation.path];
      const { message, hint } = violation;
      const place = { file: source.file, ...source.locate(at), path: formatPath(at) };
      findings.push({ code: "M950", severity: "error", ...place, message, hint });
    }
    return violations.length === 0 && isRecord(value) ? [toCase(value as unknown as Valid, path)] : [];
  });
  return { suite: { file: source.file, source, cases }, findings };
}

interface Valid extends Partial<Record<RoutePart, unknown>> {
  description: string;
  wantMatch?: boolean;
  request: { authority: string[]; method: string[]; uri: string[]; headers?: Record<string, string> };
}

function toCase(value: Valid, path: Path): RequestCase {
  const expect: RequestCase["expect"] = {};
  for (const part of routeParts) if (value[part] !== undefined) expect[part] = value[part];
  return {
    description: value.description,
    path,
    wantMatch: value.wantMatch ?? false,
    requests: combinations(value.request),
    expect,
  };
}

/** Every combination of path, authority and method. */
function combinations({ authority, method, uri, headers = {} }: Valid["request"]): PlainRequest[] {
  return uri.flatMap((path) =>
    authority.flatMap((host) => method.map((verb) => ({ authority: host, method: verb, path, headers }))),
  );
}
