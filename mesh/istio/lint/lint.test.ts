import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadText } from "../load.ts";
import { codes } from "./codes.ts";
import { Contracts } from "./contracts.ts";
import { lint } from "./lint.ts";

const folder = join(import.meta.dirname, "testdata");

/** The contracts of the shop in testdata: a read, a write without a key, and a stream. */
const contracts = new Contracts([
  method("GetProduct", { repeatable: true }),
  method("DeleteProduct", {}),
  method("WatchProducts", { repeatable: true, serverStreaming: true }),
]);

function method(name: string, rest: { repeatable?: boolean; serverStreaming?: boolean }) {
  const path = `/shop.product.v1.ProductService/${name}`;
  return { path, clientStreaming: false, serverStreaming: false, repeatable: false, ...rest };
}

function lintText(text: string) {
  const { objects, findings } = loadText(text, "test.yaml");
  return [...findings, ...lint(objects, contracts)];
}

function markedLines(text: string, code: string): number[] {
  return text.split("\n").flatMap((line, index) => (line.includes(`# <- ${code}`) ? [index + 1] : []));
}

describe("a file of mistakes for every code", () => {
  it("exists", () => {
    const files = readdirSync(folder).map((file) => file.replace(".yaml", ""));
    expect(files.sort()).toEqual(Object.keys(codes).sort());
  });

  it.each(Object.keys(codes))("reports %s at its lines, and nowhere else", (code) => {
    const text = readFileSync(join(folder, `${code}.yaml`), "utf8");
    const found = lintText(text).filter((finding) => finding.code === code);
    expect(markedLines(text, code).length).toBeGreaterThan(0);
    expect([...new Set(found.map(({ line }) => line))].sort((a, b) => a - b)).toEqual(markedLines(text, code));
    for (const { severity, message, hint } of found) {
      expect(severity).toBe(codes[code as keyof typeof codes].severity);
      expect(message).not.toBe("");
      expect(hint).not.toBe("");
    }
  });
});
