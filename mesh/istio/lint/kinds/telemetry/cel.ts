// The grammar of CEL, as far as it decides whether a text is an expression, and what cel-go checks of it besides.
// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax

import { readTokens, SyntaxProblem, type Token } from "./cel-tokens.ts";

const binary = new Set(["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in"]);
const literals = new Set(["true", "false", "null"]);
const reserved = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
);
/** Macros that bind their first argument, with the numbers of arguments that make a call one. */
const macros = new Map([
  ["all", [2]],
  ["exists", [2]],
  ["exists_one", [2]],
  ["existsOne", [2]],
  ["filter", [2]],
  ["map", [2, 3]],
]);
const maxDepth = 200;

/** What an expression is, for the macros that it is an argument of. */
type Form = "name" | "select" | "other";

/** Why a text is no expression of CEL; undefined when it is one. */
export function celProblem(text: string): string | undefined {
  try {
    const parser = new Parser(readTokens(text));
    parser.expression(0);
    parser.end();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expression(depth: number): Form {
    if (depth > maxDepth) throw new SyntaxProblem("it is nested too deeply");
    const form = this.#operation(depth);
    if (!this.#skip("?")) return form;
    this.#operation(depth + 1);
    this.#expect(":");
    this.expression(depth + 1);
    return "other";
  }

  end(): void {
    if (this.#peek().kind !== "end") this.#fail();
  }

  #operation(depth: number): Form {
    let form = this.#unary(depth);
    while (this.#peek().kind !== "text" && binary.has(this.#peek().text)) {
      this.#at++;
      this.#unary(depth);
      form = "other";
    }
    return form;
  }

  #unary(depth: number): Form {
    const sign = ["!", "-"].find((candidate) => this.#skip(candidate));
    while (sign && this.#skip(sign)) {}
    const negative = sign === "-" || (this.#peek(1).kind === "number" && this.#skip("-"));
    const form = this.#member(depth, negative);
    return sign ? "other" : form;
  }

  #member(depth: number, negative: boolean): Form {
    let form = this.#primary(depth, negative);
    for (;;) {
      if (this.#skip(".")) {
        const name = this.#name();
        form = this.#skip("(") ? this.#call(name, depth) : "select";
      } else if (this.#skip("[")) {
        this.expression(depth + 1);
        this.#expect("]");
        form = "other";
      } else return form;
    }
  }

  #call(name: string, depth: number): Form {
    const forms = this.#series(")", false, () => this.expression(depth + 1));
    if (macros.get(name)?.includes(forms.length) && forms[0] !== "name") {
      throw new SyntaxProblem(`the first argument of ${name} is no name`);
    }
    return "other";
  }

  #primary(depth: number, negative: boolean): Form {
    if (this.#skip("(")) {
      const form = this.expression(depth + 1);
      this.#expect(")");
      return form;
    }
    if (this.#skip("[")) return this.#list("]", () => this.expression(depth + 1));
    if (this.#skip("{")) return this.#list("}", () => this.#entry(() => this.expression(depth + 1), depth));
    const { kind, text } = this.#peek();
    if (kind === "number") checkNumber(text, negative);
    if (kind === "number" || kind === "text" || literals.has(text)) {
      this.#at++;
      return "other";
    }
    this.#skip(".");
    return this.#named(depth);
  }

  /** A name, a call of a function, or a message. */
  #named(depth: number): Form {
    const start = this.#at;
    const name = this.#name();
    while (this.#peek().text === "." && this.#peek(1).kind === "name") this.#at += 2;
    if (this.#skip("{")) return this.#list("}", () => this.#entry(() => this.#name(), depth));
    this.#at = start + 1;
    if (reserved.has(name)) throw new SyntaxProblem(`"${name}" is reserved`);
    if (!this.#skip("(")) return "name";
    const forms = this.#series(")", false, () => this.expression(depth + 1));
    if (name === "has" && forms.length === 1 && forms[0] !== "select") {
      throw new SyntaxProblem("the argument of has is no field");
    }
    return "other";
  }

  #entry(readKey: () => unknown, depth: number): Form {
    readKey();
    this.#expect(":");
    return this.expression(depth + 1);
  }

  /** What stands between brackets that may end with a comma. */
  #list(close: string, readItem: () => Form): Form {
    this.#series(close, true, readItem);
    return "other";
  }

  #series(close: string, comma: boolean, readItem: () => Form): Form[] {
    const forms: Form[] = [];
    if (comma && this.#peek(1).text === close) this.#skip(",");
    if (this.#skip(close)) return forms;
    do forms.push(readItem());
    while (this.#skip(",") && !(comma && this.#peek().text === close));
    this.#expect(close);
    return forms;
  }

  #name(): string {
    const { kind, text } = this.#peek();
    if (kind !== "name" || literals.has(text) || text === "in") this.#fail();
    this.#at++;
    return text;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: "end", text: "" };
  }

  #skip(sign: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "sign" || text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) throw new SyntaxProblem(`"${sign}" is missing`);
  }

  #fail(): never {
    const { kind, text } = this.#peek();
    throw new SyntaxProblem(kind === "end" ? "it ends early" : `"${text}" is unexpected`);
  }
}

function checkNumber(text: string, negative: boolean): void {
  const whole = /^(0x[0-9a-fA-F]+|\d+)([uU]?)$/.exec(text);
  const [, digits = "", unsigned = ""] = whole ?? [];
  const limit = 2n ** (unsigned ? 64n : 63n) + (negative && !unsigned ? 1n : 0n);
  const fits = whole ? BigInt(digits) < limit : Number.isFinite(Number(text));
  if (!fits) throw new SyntaxProblem(`the number ${text} is too large`);
}
