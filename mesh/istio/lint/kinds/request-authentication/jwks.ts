import { isRecord } from "../../../kube-object.ts";

/** What a key of each type must hold. https://www.rfc-editor.org/rfc/rfc7518#section-6 */
const required = new Map<string, string[]>([
  ["RSA", ["n", "e"]],
  ["EC", ["crv", "x", "y"]],
  ["OKP", ["crv", "x"]],
  ["oct", ["k"]],
]);

/** Why a text is no JSON Web Key or Key Set; undefined when it is one. */
export function jwksProblem(text: string): string | undefined {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return "is no JSON object";
  const keys = Array.isArray(parsed["keys"]) ? parsed["keys"] : [parsed];
  for (const key of keys) {
    const problem = keyProblem(key);
    if (problem) return problem;
  }
  return undefined;
}

function keyProblem(key: unknown): string | undefined {
  if (!isRecord(key)) return "holds a key that is no object";
  const fields = required.get(String(key["kty"]));
  if (!fields) return `holds a key of the unknown type ${JSON.stringify(key["kty"] ?? null)}`;
  const missing = fields.find((field) => typeof key[field] !== "string");
  return missing ? `holds a key of type ${String(key["kty"])} without ${missing}` : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
