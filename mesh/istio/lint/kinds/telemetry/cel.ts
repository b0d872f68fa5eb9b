// The grammar of CEL, as far as it decides whether a text is an expression.
// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax

const token =
  /((?:0x[0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)[eE][-+]?\d+|\d*\.\d+|\d+[uU]?)|[bBrR]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||[=!<>]=|[-+*/%!<>?:.,()[\]{}])/y;

const blank = /(?:\s|\/\/[^\n]*)*/y;

const binary = new Set(["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in"]);
const maxDepth = 200;

class SyntaxProblem extends Error {}

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

function readTokens(text: string): string[] {
  const tokens: string[] = [];
  for (let at = endOf(blank, text, 0); at < text.length; at = endOf(blank, text, token.lastIndex)) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) throw new SyntaxProblem(`"${text.slice(at, at + 20)}" cannot be read`);
    tokens.push(match[1] ?? "");
  }
  return tokens;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.exec(text);
  return pattern.lastIndex;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  expression(depth: number): void {
    if (depth > maxDepth) throw new SyntaxProblem("it is nested too deeply");
    this.#operand(depth);
    while (binary.has(this.#peek())) {
      this.#at++;
      this.#operand(depth);
    }
    if (!this.#skip("?")) return;
    this.expression(depth + 1);
    this.#expect(":");
    this.expression(depth + 1);
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new SyntaxProblem(`"${this.#peek()}" is unexpected`);
  }

  #operand(depth: number): void {
    while (this.#skip("!") || this.#skip("-")) {}
    this.#primary(depth);
    for (;;) {
      if (this.#skip(".")) this.#name();
      else if (this.#skip("[")) {
        this.expression(depth + 1);
        this.#expect("]");
      } else if (this.#skip("(")) this.#list(")", depth);
      else if (this.#skip("{")) this.#entries(depth);
      else return;
    }
  }

  #primary(depth: number): void {
    if (this.#skip("(")) {
      this.expression(depth + 1);
      return this.#expect(")");
    }
    if (this.#skip("[")) return this.#list("]", depth);
    if (this.#skip("{")) return this.#entries(depth);
    this.#skip(".");
    const next = this.#peek();
    if (!/^[\w"'.]/.test(next) || next === "in")
      throw new SyntaxProblem(next ? `"${next}" is unexpected` : "it ends early");
    this.#at++;
  }

  #name(): void {
    if (!/^[A-Za-z_]/.test(this.#peek())) throw new SyntaxProblem("a name is missing behind the dot");
    this.#at++;
  }

  #list(close: string, depth: number): void {
    while (!this.#skip(close)) {
      this.expression(depth + 1);
      if (this.#peek() !== close) this.#expect(",");
    }
  }

  #entries(depth: number): void {
    while (!this.#skip("}")) {
      this.expression(depth + 1);
      this.#expect(":");
      this.expression(depth + 1);
      if (this.#peek() !== "}") this.#expect(",");
    }
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #skip(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw new SyntaxProblem(`"${text}" is missing`);
  }
}
