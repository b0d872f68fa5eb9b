import { expect, test } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { withChanges } from "./change.ts";

const { objects } = loadText(
  `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec: {host: a, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}, connectionPool: {http: {maxRetries: 1}}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
    - {name: reads, timeout: 1s, route: [{destination: {host: a}}]}
    - {name: rest, timeout: 2s, route: [{destination: {host: a}}]}
`,
  "a.yaml",
);

const spec = (kind: string, changed = objects) => changed.find((object) => object.kind === kind)?.spec;

test("takes fields out of copies, and leaves the originals as they are", () => {
  const changed = withChanges(objects, [{ kind: "DestinationRule", remove: ["spec.trafficPolicy.outlierDetection"] }]);
  expect(spec("DestinationRule", changed)).toEqual({
    host: "a",
    trafficPolicy: { connectionPool: { http: { maxRetries: 1 } } },
  });
  expect(spec("DestinationRule")).toHaveProperty("trafficPolicy.outlierDetection.consecutive5xxErrors", 5);
});

test("sets fields, of one item or of every item of a list", () => {
  const changed = withChanges(objects, [
    { kind: "VirtualService", name: "a", set: { "spec.http[*].timeout": "9s", "spec.http[1].retries.attempts": 2 } },
  ]);
  expect(spec("VirtualService", changed)).toMatchObject({
    http: [{ timeout: "9s" }, { timeout: "9s", retries: { attempts: 2 } }],
  });
});

test("takes whole objects out", () => {
  expect(
    withChanges(objects, [{ kind: "VirtualService", namespace: "shop", delete: true }]).map(({ kind }) => kind),
  ).toEqual(["DestinationRule"]);
});

test("refuses a change that changes nothing", () => {
  expect(() => withChanges(objects, [{ kind: "DestinationRule", name: "b", delete: true }])).toThrow(
    "no DestinationRule b",
  );
  expect(() => withChanges(objects, [{ kind: "VirtualService", remove: ["spec.tcp"] }])).toThrow("has no spec.tcp");
});
