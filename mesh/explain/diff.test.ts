import { expect, test } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { diffObjects } from "./diff-objects.ts";
import { diffJson } from "./json-diff.ts";

const changes: [what: string, before: unknown, after: unknown, expected: [string, unknown, unknown][]][] = [
  ["nothing", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
  ["a field", { a: { b: 1 } }, { a: { b: 2 } }, [["a.b", 1, 2]]],
  [
    "a field that came and one that went",
    { a: 1 },
    { b: 2 },
    [
      ["a", 1, undefined],
      ["b", undefined, 2],
    ],
  ],
  [
    "a named item that was put in front",
    [{ name: "x", t: 1 }],
    [{ name: "w" }, { name: "x", t: 2 }],
    [
      ["[x].t", 1, 2],
      ["[w]", undefined, { name: "w" }],
    ],
  ],
  [
    "the order of named items",
    [{ name: "x" }, { name: "y" }],
    [{ name: "y" }, { name: "x" }],
    [["(order)", ["x", "y"], ["y", "x"]]],
  ],
  ["an item in the middle of a plain list", [1, 2, 3], [1, 3], [["[1]", 2, undefined]]],
  ["a value that became another kind", { a: [1] }, { a: { b: 1 } }, [["a", [1], { b: 1 }]]],
];

test.each(changes)("finds %s", (_, before, after, expected) => {
  expect(diffJson(before, after).map((change) => [change.path, change.before, change.after])).toEqual(expected);
});

const virtualService = (timeout: string) => `# A comment.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
    - name: reads
      timeout: ${timeout}
      route: [{destination: {host: a}}]
`;
const load = (text: string, file: string) => loadText(text, file).objects;

test("names each changed field of an object with its line on both sides", () => {
  const changed = diffObjects(load(virtualService("1s"), "old.yaml"), load(`\n\n${virtualService("2s")}`, "new.yaml"));
  expect(changed).toEqual([
    {
      kind: "VirtualService",
      namespace: "shop",
      name: "a",
      change: "changed",
      fields: [
        { path: "spec.http[reads].timeout", before: "1s", after: "2s", beforeAt: "old.yaml:9", afterAt: "new.yaml:11" },
      ],
    },
  ]);
});

test("sees objects come and go, and no change in another apiVersion, another file or another order of keys", () => {
  const one = load(virtualService("1s"), "old.yaml");
  const moved = virtualService("1s").replace("networking.istio.io/v1", "networking.istio.io/v1beta1");
  expect(diffObjects(one, load(moved, "moved.yaml"))).toEqual([]);
  expect(diffObjects(one, [])).toMatchObject([{ change: "removed", fields: [{ beforeAt: "old.yaml:2" }] }]);
  expect(diffObjects([], one)).toMatchObject([{ change: "added", fields: [{ afterAt: "old.yaml:2" }] }]);
});
