import {
  constructFromEvents,
  defineScalarTag,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  YAMLException,
} from "js-yaml";
import { type DocumentText, maxDepth, type Position, positionOf } from "./source.ts";

/** Aliases a document may hold, and values it may expand to: Istio's files use few, a bomb needs many. */
const maxAliases = 1_000;
const maxExpandedValues = 200_000;

/** Kubernetes reads YAML 1.1: `y`, `on` and their like are booleans unless they are quoted. */
const booleans = new Map<string, boolean>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);

const booleanTag = defineScalarTag<boolean>("tag:yaml.org,2002:bool", {
  implicit: true,
  implicitFirstChars: [..."yYnNtTfFoO"],
  resolve: (text) => booleans.get(text) ?? NOT_RESOLVED,
  identify: (value) => typeof value === "boolean",
});

const integer = /^[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*)$/;
const decimal = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

const numberTag = defineScalarTag<number>("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: [..."+-.0123456789"],
  resolve: (text) => readNumber(text) ?? NOT_RESOLVED,
  identify: (value) => typeof value === "number",
});

const floatTag = defineScalarTag<number>("tag:yaml.org,2002:float", {
  resolve: (text) => readNumber(text) ?? NOT_RESOLVED,
  identify: () => false,
});

const schema = FAILSAFE_SCHEMA.withTags(nullCoreTag, booleanTag, numberTag, floatTag, mergeTag);

function readNumber(text: string): number | undefined {
  if (integer.test(text)) {
    const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
    const octal = /^0[0-7]+$/.test(digits);
    const magnitude = octal ? Number.parseInt(digits, 8) : Number(digits);
    return text.startsWith("-") ? -magnitude : magnitude;
  }
  return decimal.test(text) ? Number(text) : undefined;
}

/** A reason why a document, or a part of it, cannot be taken. */
export interface YamlError {
  at: Position;
  message: string;
  hint: string;
}

/**
 * Splits a file at its `---` lines. A document that is broken then leaves the others readable. Documents of comments alone are
 * left out.
 */
export function splitDocuments(text: string, file: string): DocumentText[] {
  const documents: DocumentText[] = [];
  const marker = /^(---|\.\.\.)(?=[ \t\r\n]|$)/gm;
  let start: Position = { line: 1, column: 1 };
  let from = text.startsWith("\uFEFF") ? 1 : 0;
  for (;;) {
    const match = marker.exec(text);
    const body = text.slice(from, match?.index);
    if (hasContent(body)) documents.push({ file, text: body, start });
    if (!match) return documents;
    start = { line: start.line + countBreaks(text, from, match.index), column: 4 };
    from = match.index + 3;
  }
}

function hasContent(body: string): boolean {
  return /^\s*[^\s#%]/m.test(body);
}

function countBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/**
 * Reads one document as Kubernetes does. Problems come back as data: never throws. The document's text may get spaces, see
 * `parseLoosely`.
 */
export function readDocument(document: DocumentText): { value: unknown; errors: YamlError[] } {
  try {
    return construct(document, parseLoosely(document));
  } catch (error) {
    return { value: undefined, errors: [explain(error, document)] };
  }
}

/** How many lines of a document may be too far to the left. */
const maxRepairs = 1_000;

/**
 * YAML wants a flow collection's lines to stand further right than its key, the closing bracket too. Kubernetes' parser does
 * not mind, and people write the bracket below its key, so such a line is moved to the right, in the document's text as well: what
 * stands there is looked up again by position.
 */
function parseLoosely(document: DocumentText): Event[] {
  for (let repairs = 0; ; repairs++) {
    try {
      return parseEvents(document.text, { maxDepth });
    } catch (error) {
      const position = error instanceof YAMLException ? error.mark?.position : undefined;
      const deficient = error instanceof YAMLException && error.reason === "deficient indentation";
      if (!deficient || position === undefined || repairs >= maxRepairs) throw error;
      const { text } = document;
      const lineStart = text.lastIndexOf("\n", position - 1) + 1;
      document.text = `${text.slice(0, lineStart)} ${text.slice(lineStart)}`;
    }
  }
}

function construct(document: DocumentText, events: Event[]): { value: unknown; errors: YamlError[] } {
  const options = { source: document.text, schema, maxAliases };
  const errors: YamlError[] = [];
  let value: unknown;
  try {
    [value] = constructFromEvents(events, options);
  } catch (error) {
    if (!(error instanceof YAMLException) || !/duplicate/i.test(error.reason)) throw error;
    errors.push(explain(error, document));
    [value] = constructFromEvents(events, { ...options, json: true });
  }
  if (events.some((event) => event.type === EVENT_ID.ALIAS) && !expandsTo(value, maxExpandedValues)) {
    return { value: undefined, errors: [bomb(document)] };
  }
  return { value, errors };
}

/** Whether a value has at most `limit` parts when every alias is written out; false for one that contains itself. */
function expandsTo(value: unknown, limit: number): boolean {
  let left = limit;
  const visit = (part: unknown, depth: number): boolean => {
    if (--left < 0 || depth > maxDepth) return false;
    if (typeof part !== "object" || part === null) return true;
    for (const child of Object.values(part)) if (!visit(child, depth + 1)) return false;
    return true;
  };
  return visit(value, 0);
}

function bomb({ start }: DocumentText): YamlError {
  return {
    at: start,
    message: "the document's aliases expand to more values than can be read safely, or refer to themselves",
    hint: "write the values out instead of using anchors and aliases",
  };
}

function explain(error: unknown, { text, start }: DocumentText): YamlError {
  if (!(error instanceof YAMLException)) {
    return { at: start, message: `cannot be read as YAML: ${String(error)}`, hint: "check the document's syntax" };
  }
  const at = error.mark ? positionOf(text, Math.min(error.mark.position, text.length), start) : start;
  return { at, message: `not YAML: ${error.reason}`, hint: hintFor(error.reason) };
}

function hintFor(reason: string): string {
  if (/\btabs?\b/i.test(reason)) return "indent with spaces: YAML does not allow tabs there";
  if (/duplicate/i.test(reason)) return "keep one of the two keys: Kubernetes takes the last one and drops the other";
  if (/indent/i.test(reason)) return "align the key with its siblings";
  if (/alias|anchor/i.test(reason))
    return "define the anchor (&name) before the alias (*name), or quote a value that starts with *";
  if (/depth|nest/i.test(reason)) return `nest collections at most ${maxDepth} deep`;
  return "check the syntax here: a missing colon, quote, bracket or dash is the usual cause";
}
