import { isRecord } from "../../../kube-object.ts";

/** The numbers that a key of each type must hold, in base64. https://www.rfc-editor.org/rfc/rfc7518#section-6 */
const required = new Map<string, string[]>([
  ["RSA", ["n", "e"]],
  ["EC", ["x", "y"]],
  ["OKP", ["x"]],
  ["oct", ["k"]],
]);

/** What a private RSA key may hold as well. */
const factors = ["p", "q", "dp", "dq", "qi"];
const texts = ["crv", "alg", "kid", "use", "x5t", "x5t#S256"];
const lists = ["key_ops", "x5c"];

/** Why a text is no JSON Web Key or Key Set; undefined when it is one. */
export function jwksProblem(text: string): string | undefined {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return "is no JSON object";
  const keys = "keys" in parsed ? (parsed["keys"] ?? []) : [parsed];
  if (!Array.isArray(keys)) return "has keys that are no list";
  for (const key of keys) {
    const problem = keyProblem(key);
    if (problem) return problem;
  }
  return undefined;
}

function keyProblem(key: unknown): string | undefined {
  if (!isRecord(key)) return "holds a key that is no object";
  const type = String(key["kty"]);
  const fields = required.get(type);
  if (!fields) return `holds a key of the unknown type ${JSON.stringify(key["kty"] ?? null)}`;
  const secret = "d" in key && type !== "oct";
  const numbers = [...fields, ...(secret ? ["d"] : [])];
  const missing = numbers.find((field) => !(field in key));
  if (missing) return `holds a key of type ${type} without ${missing}`;
  if ((type === "EC" || type === "OKP") && !("crv" in key)) return `holds a key of type ${type} without crv`;
  const written = secret && type === "RSA" ? factors.filter((field) => field in key) : [];
  const wrong =
    [...numbers, ...written].find((field) => !isBase64(key[field] ?? "")) ??
    texts.find((field) => typeof (key[field] ?? "") !== "string") ??
    lists.find((field) => !areTexts(key[field] ?? []));
  return wrong && `holds a key whose ${wrong} cannot be read`;
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

/** Base64, as jwx reads it: with either alphabet, and with = at its end or without. */
function isBase64(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const text = value.replaceAll(/[\r\n]/g, "");
  const digits = text.replace(/={1,2}$/, "");
  const alphabet = /[+/]/.test(text) ? /^[A-Za-z0-9+/]*$/ : /^[-\w]*$/;
  return alphabet.test(digits) && digits.length % 4 !== 1 && (digits === text || text.length % 4 === 0);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
