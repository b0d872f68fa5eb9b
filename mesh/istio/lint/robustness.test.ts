import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadText } from "../load.ts";
import { lint } from "./lint.ts";

const folder = join(import.meta.dirname, "testdata");
const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));

/** Values that are wrong in most places: other types, empty things, wildcards, odd numbers, and what RE2 refuses. */
const values = fc.oneof(
  fc.constantFrom(null, true, {}, [], "", 0, -1, 1.5, 70_000, "*", "0s", "1.5", "x y", "(?=a)", "a{9999}", "__proto__"),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

interface Mutation {
  steps: number[];
  value: unknown;
  how: string;
}

/** Replaces, removes or repeats what stands at a path that is chosen by numbers. */
function mutate(document: Json, { steps, value, how }: Mutation): void {
  const [holder, key] = follow(document, steps);
  if (key === undefined) return;
  if (how === "remove") delete holder[key];
  else if (how === "repeat" && Array.isArray(holder)) holder.push(structuredClone(holder[key] ?? null));
  else holder[key] = structuredClone(value) as Json;
}

function follow(document: Json, [step = 0, ...rest]: number[]): [Record<string, Json>, string | undefined] {
  const holder = document as Record<string, Json>;
  const keys = Object.keys(holder);
  const key = keys[step % Math.max(1, keys.length)];
  const below = key === undefined ? null : holder[key];
  const deeper = rest.length > 0 && typeof below === "object" && below !== null;
  return deeper ? follow(below, rest) : [holder, key];
}

function checked(text: string) {
  const { objects, findings } = loadText(text, "test.yaml");
  const all = [...findings, ...lint(objects)];
  for (const { line, column, message, hint } of all) {
    expect(line).toBeGreaterThan(0);
    expect(column).toBeGreaterThan(0);
    expect(message).not.toBe("");
    expect(hint).not.toBe("");
  }
  return all;
}

describe("bad input", () => {
  it("never crashes on objects with anything in any place, and every finding has a place and a remedy", () => {
    const steps = fc.array(fc.nat(50), { minLength: 1, maxLength: 8 });
    const mutation = fc.record({ steps, value: values, how: fc.constantFrom("replace", "remove", "repeat") });
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 4 }), (text, mutations) => {
        const documents = loadText(text, "seed.yaml").objects.map(({ raw }) => structuredClone(raw) as Json);
        for (const document of documents) for (const mutation of mutations) mutate(document, mutation);
        checked(documents.map((document) => JSON.stringify(document)).join("\n---\n"));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never crashes on edited text", () => {
    const edit = fc.record({ at: fc.nat(2_000), cut: fc.nat(10), insert: fc.string({ unit: "binary", maxLength: 6 }) });
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
        let edited = text;
        for (const { at, cut, insert } of edits) edited = edited.slice(0, at) + insert + edited.slice(at + cut);
        checked(edited);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["a cycle of delegates", "http: [{delegate: {name: product}}]"],
    ["an expression that takes long where it backtracks", `http: [{match: [{uri: {regex: "(a+)+$"}}], route: []}]`],
    ["a long expression", `http: [{match: [{uri: {regex: "${"a?".repeat(5_000)}"}}]}]`],
    ["deep nesting", `http: ${"[".repeat(90)}${"]".repeat(90)}`],
    ["many matches", `http: [{match: [${"{uri: {prefix: /a}},".repeat(2_000)}]}]`],
  ])("does not hang on %s", (_, spec) => {
    const head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: product}\nspec:\n";
    const started = performance.now();
    checked(`${head}  hosts: [product]\n  ${spec}\n`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
