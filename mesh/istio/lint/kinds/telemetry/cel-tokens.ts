// The words of CEL, as cel-go reads them.
// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax

export interface Token {
  kind: "number" | "text" | "name" | "sign" | "end";
  text: string;
}

export class SyntaxProblem extends Error {}

const blank = /(?:[\t\n\f\r ]|\/\/[^\n]*)*/y;

const number = String.raw`0x[0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)[eE][-+]?\d+|\d*\.\d+|\d+[uU]?`;
const escape = String.raw`\\(?:[abfnrtv"'${"`"}?\\]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;
const raw = String.raw`[rR](?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')`;
const long = ['"""', "'''"].map((quote) => String.raw`${quote}(?:${escape}|[^\\])*?${quote}`).join("|");
const short = ['"', "'"].map((quote) => String.raw`${quote}(?:${escape}|[^\\${quote}\n\r])*${quote}`).join("|");
const text = `[bB]?(?:${raw}|${long}|${short})`;
const sign = String.raw`&&|\|\||[=!<>]=|[-+*/%!<>?:.,()[\]{}]`;

const token = new RegExp(`(?<number>${number})|(?<text>${text})|(?<name>[A-Za-z_]\\w*)|(?<sign>${sign})`, "y");

/** Splits an expression into its words; the last one is its end. */
export function readTokens(expression: string): Token[] {
  const tokens: Token[] = [];
  for (let at = endOf(blank, expression, 0); at < expression.length; at = endOf(blank, expression, token.lastIndex)) {
    token.lastIndex = at;
    const groups = token.exec(expression)?.groups;
    if (!groups) throw new SyntaxProblem(`"${expression.slice(at, at + 20)}" cannot be read`);
    for (const kind of ["number", "text", "name", "sign"] as const) {
      const written = groups[kind];
      if (written !== undefined) tokens.push({ kind, text: written });
    }
  }
  return [...tokens, { kind: "end", text: "" }];
}

function endOf(pattern: RegExp, expression: string, from: number): number {
  pattern.lastIndex = from;
  pattern.exec(expression);
  return pattern.lastIndex;
}
