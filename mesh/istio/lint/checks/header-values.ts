import type { Place } from "../place.ts";

// Envoy replaces %NAME% and %NAME(arguments)% in header values; a % of its own is written %%.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers

type State = "text" | "name" | "arguments" | "item" | "string" | "separator" | "closing" | "end";

/** What a character does in each state; undefined is an error. */
const next: Record<State, (char: string) => State | undefined> = {
  text: (char) => (char === "%" ? "name" : "text"),
  name: (char) => (char === "%" ? "text" : char === "(" ? "arguments" : "name"),
  arguments: (char) => (char === "[" ? "item" : char === " " ? "arguments" : "string"),
  item: (char) => (char === '"' ? "string" : char === " " ? "item" : undefined),
  string: (char) => (char === ")" ? "end" : char === '"' ? "separator" : "string"),
  separator: (char) => (char === "," ? "item" : char === "]" ? "closing" : char === " " ? "separator" : undefined),
  closing: (char) => (char === ")" ? "end" : char === " " ? "closing" : undefined),
  end: (char) => (char === "%" ? "text" : char === " " ? "end" : undefined),
};

/** A header's value: no control characters, and every % the start or end of a variable, or doubled. */
export function checkHeaderValue(value: string, place: Place): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000A-\u001F\u007F]/.test(value)) {
    return place.refuse("the header's value holds control characters", "remove them");
  }
  if (!isFormat(value)) {
    place.refuse("a % in the header's value starts no variable that ends", "write %% for a %, or %VARIABLE%");
  }
}

function isFormat(value: string): boolean {
  let state: State = "text";
  for (let at = 0; at < value.length; at++) {
    const char = value.charAt(at);
    const escaped =
      (state === "text" && char === "%" && value[at + 1] === "%") || (state === "string" && char === "\\");
    if (escaped) {
      if (at + 1 >= value.length) return false;
      at++;
      continue;
    }
    const following = next[state](char);
    if (!following) return false;
    state = following;
  }
  return state === "text";
}
