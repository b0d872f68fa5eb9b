import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRecord } from "./kube-object.ts";
import { loadFiles, loadText } from "./load.ts";

const service = `apiVersion: v1
kind: Service
metadata:
  name: order
  namespace: siren
  labels: {app: order}
spec:
  ports:
    - name: grpc
      port: 50051
    - {name: "http", port: 8080}
`;

function only(text: string) {
  const { objects, findings } = loadText(text, "a.yaml");
  const [object] = objects;
  if (objects.length !== 1 || !object)
    throw new Error(`one object expected, got ${objects.length}: ${JSON.stringify(findings)}`);
  return { object, findings };
}

function specOf(text: string): unknown {
  return only(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nspec:\n${text}`).object.spec;
}

describe("loadText", () => {
  it("reads kind, name, namespace and labels", () => {
    const { object, findings } = only(service);
    expect(findings).toEqual([]);
    expect(object.kind).toBe("Service");
    expect(object.metadata).toEqual({ name: "order", namespace: "siren", labels: { app: "order" }, annotations: {} });
  });

  it("says where each path stands, or its nearest ancestor", () => {
    const { source } = only(`# a comment\n---\n${service}`).object;
    expect(source.locate([])).toEqual({ line: 3, column: 1 });
    expect(source.locate(["metadata", "labels", "app"])).toEqual({ line: 8, column: 12 });
    expect(source.locate(["spec", "ports", 0, "port"])).toEqual({ line: 12, column: 7 });
    expect(source.locate(["spec", "ports", 1])).toEqual({ line: 13, column: 7 });
    expect(source.locate(["spec", "ports", 1, "name"])).toEqual({ line: 13, column: 8 });
    expect(source.locate(["spec", "ports", 7, "name"])).toEqual({ line: 10, column: 3 });
    expect(source.locate(["nothing"])).toEqual({ line: 3, column: 1 });
  });

  it("reads several documents, and keeps those beside a broken one", () => {
    const { objects, findings } = loadText(`${service}---\n# nothing here\n---\na: [1\n---\n${service}`, "a.yaml");
    expect(objects).toHaveLength(2);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code: "M901", severity: "error", file: "a.yaml" });
    expect(findings[0]?.line).toBeGreaterThanOrEqual(15);
    expect(objects[1]?.source.locate(["kind"])).toEqual({ line: 18, column: 1 });
  });

  it("reads the items of a List, each with its own positions", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: siren}\n`;
    const { object } = only(text);
    expect(object.metadata).toMatchObject({ name: "siren", namespace: "" });
    expect(object.source.locate(["metadata", "name"])).toEqual({ line: 6, column: 14 });
  });

  it("takes YAML 1.1's booleans and numbers as Kubernetes does", () => {
    expect(
      specOf(
        '  a: y\n  b: "y"\n  c: off\n  d: 017\n  e: 1_000\n  f: 0x1F\n  g: 1.50\n  h: 2001-01-01\n  i: ~\n  j: 1:30',
      ),
    ).toEqual({ a: true, b: "y", c: false, d: 15, e: 1000, f: 31, g: 1.5, h: "2001-01-01", i: null, j: "1:30" });
  });

  it("takes a closing bracket below its key, and items to the left of it, as Kubernetes does", () => {
    const { object, findings } = only(
      `${service.trimEnd()}\n  args: [\n    a,\n  ]\n  deep: {\n  b: [\n1,\n  ],\n  }\n  after: here\n`,
    );
    expect(findings).toEqual([]);
    expect(object.spec).toMatchObject({ args: ["a"], deep: { b: [1] }, after: "here" });
    expect(object.source.locate(["spec", "after"])).toEqual({ line: 20, column: 3 });
  });

  it("keeps kinds that it does not know", () => {
    expect(only("apiVersion: example.com/v7\nkind: Teapot\nmetadata: {name: t}\n").object.kind).toBe("Teapot");
  });

  it("expands anchors, aliases and merge keys", () => {
    expect(specOf("  a: &x {k: 1}\n  b: *x\n  c: {<<: *x, l: 2}")).toEqual({
      a: { k: 1 },
      b: { k: 1 },
      c: { k: 1, l: 2 },
    });
  });

  const broken: { name: string; text: string; line: number; says: RegExp }[] = [
    { name: "a tab", text: `apiVersion: v1\nkind: A\nmetadata:\n\tname: x\n`, line: 4, says: /tab/ },
    { name: "a duplicate key", text: `${service}kind: Other\n`, line: 12, says: /duplicate/ },
    { name: "an unknown alias", text: "apiVersion: *nowhere\n", line: 1, says: /alias|anchor/ },
    { name: "an alias of itself", text: "a: &a [*a]\n", line: 1, says: /alias|themselves/ },
    { name: "text that is no object", text: "hello\n", line: 1, says: /not an object/ },
    { name: "a list", text: "- a\n- b\n", line: 1, says: /not for Kubernetes/ },
    { name: "no kind", text: "apiVersion: v1\nmetadata: {name: x}\n", line: 1, says: /kind/ },
    { name: "a name that is a number", text: "apiVersion: v1\nkind: A\nmetadata: {name: 7}\n", line: 1, says: /name/ },
    {
      name: "a label that is a number",
      text: `apiVersion: v1\nkind: A\nmetadata:\n  name: x\n  labels: {v: 1.10}\n`,
      line: 5,
      says: /not text/,
    },
    { name: "deep nesting", text: `${"[".repeat(100_000)}`, line: 1, says: /depth|nest/i },
  ];
  it.each(broken)("reports $name with its line and a remedy", ({ text, line, says }) => {
    const { findings } = loadText(text, "a.yaml");
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toMatch(says);
    expect(findings[0]?.line).toBe(line);
    expect(findings[0]?.hint).not.toBe("");
  });

  it("refuses an alias bomb without expanding it", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    const { objects, findings } = loadText(`l0: &l0 [1,1]\n${levels.join("\n")}\n`, "bomb.yaml");
    expect(objects).toEqual([]);
    expect(findings[0]?.code).toBe("M901");
  });

  it("reads 10 MB without hanging", () => {
    const big = `${service}  notes: |\n${"    a line of text\n".repeat(560_000)}`;
    const started = performance.now();
    expect(loadText(big, "big.yaml").objects).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("never throws, and every finding has a place, whatever the text", () => {
    const edit = fc.record({
      at: fc.nat(service.length),
      cut: fc.nat(12),
      insert: fc.string({ unit: "binary", maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        let text = service;
        for (const { at, cut, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + cut);
        const { objects, findings } = loadText(text, "fuzz.yaml");
        for (const object of objects) expect(isRecord(object.raw)).toBe(true);
        for (const finding of findings) expect(finding.line).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("loadFiles", () => {
  it("reads folders in order of name, and reports what is not there", () => {
    const folder = mkdtempSync(join(tmpdir(), "load-"));
    try {
      writeFileSync(join(folder, "b.yaml"), service.replace("name: order", "name: second"));
      writeFileSync(join(folder, "a.yml"), service);
      writeFileSync(join(folder, "kustomization.yaml"), "resources: [a.yml]\n");
      writeFileSync(join(folder, "notes.txt"), "not read");
      const { objects, findings } = loadFiles([folder, join(folder, "missing.yaml")]);
      expect(objects.map((object) => object.metadata.name)).toEqual(["order", "second"]);
      expect(findings).toHaveLength(1);
      expect(findings[0]?.file).toBe(join(folder, "missing.yaml"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
