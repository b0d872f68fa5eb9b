import { EVENT_ID, type Event, getScalarValue, parseEvents } from "js-yaml";

export type Path = readonly (string | number)[];

/** Where something stands in a file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Collections nested deeper than this are refused, so that no reader can run out of stack. */
export const maxDepth = 100;

/** The text of one YAML document and where it starts in its file. */
export interface DocumentText {
  file: string;
  text: string;
  start: Position;
}

/**
 * Knows where each path of a Kubernetes object stands in its file. Positions are worked out when somebody asks: a document
 * without findings never pays for them.
 */
export class Source {
  readonly file: string;
  readonly #document: DocumentText;
  readonly #prefix: Path;
  #events: Event[] | undefined;

  /** `prefix` leads from the document to the object, for the items of a `kind: List`. */
  constructor(document: DocumentText, prefix: Path = []) {
    this.file = document.file;
    this.#document = document;
    this.#prefix = prefix;
  }

  /** The position of a field's key or a list's item; of the nearest ancestor that is written when the path is not. */
  locate(path: Path): Position {
    const { text, start } = this.#document;
    this.#events ??= readEvents(text);
    return positionOf(text, offsetOf(this.#events, text, [...this.#prefix, ...path]), start);
  }
}

/** The position in the file of an offset in the document's text. */
export function positionOf(text: string, offset: number, start: Position): Position {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf("\n");
  if (lastBreak < 0) return { line: start.line, column: start.column + offset };
  let breaks = 0;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) breaks++;
  return { line: start.line + breaks, column: offset - lastBreak };
}

function readEvents(text: string): Event[] {
  try {
    return parseEvents(text, { maxDepth });
  } catch {
    return [];
  }
}

function offsetOf(events: Event[], text: string, path: Path): number {
  let index = 1; // Behind the event that opens the document.
  let offset = startOf(events[index]) ?? firstContent(text);
  for (const step of path) {
    const found = child(events, text, index, step);
    if (!found) break;
    index = found.value;
    offset = startOf(events[found.mark]) ?? offset;
  }
  return offset;
}

/** Where the value of a step begins among the events, and which event marks it for a reader: a key, or a list's item. */
function child(
  events: Event[],
  text: string,
  parent: number,
  step: string | number,
): { value: number; mark: number } | undefined {
  const opening = events[parent];
  if (opening?.type === EVENT_ID.SEQUENCE) {
    let position = 0;
    for (let at = parent + 1; isOpen(events[at]); at = next(events, at), position++) {
      if (position === step) return { value: at, mark: at };
    }
  }
  if (opening?.type === EVENT_ID.MAPPING) {
    for (let at = parent + 1; isOpen(events[at]); ) {
      const value = next(events, at);
      const key = events[at];
      if (key?.type === EVENT_ID.SCALAR && getScalarValue(text, key) === String(step)) return { value, mark: at };
      at = next(events, value);
    }
  }
  return undefined;
}

function isOpen(event: Event | undefined): boolean {
  return event !== undefined && event.type !== EVENT_ID.POP;
}

/** The index behind the node that starts at `at`. */
function next(events: Event[], at: number): number {
  let depth = 0;
  for (let index = at; index < events.length; index++) {
    const type = events[index]?.type;
    if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth++;
    else if (type === EVENT_ID.POP) depth--;
    if (depth <= 0) return index + 1;
  }
  return events.length;
}

function startOf(event: Event | undefined): number | undefined {
  if (event?.type === EVENT_ID.SCALAR) return event.valueStart < 0 ? undefined : quoteStart(event);
  if (event?.type === EVENT_ID.ALIAS) return event.anchorStart;
  if (event?.type === EVENT_ID.SEQUENCE || event?.type === EVENT_ID.MAPPING) return event.start;
  return undefined;
}

function quoteStart(event: { valueStart: number; style: number }): number {
  const quoted = event.style === 2 || event.style === 3;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

function firstContent(text: string): number {
  return Math.max(0, text.search(/\S/));
}
