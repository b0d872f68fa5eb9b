import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTestFiles, loadTests, loadTestText } from "./load-tests.ts";

const head = `apiVersion: mainsheet.dev/v1
kind: PolicyTest
metadata: {name: shop}
spec:
`;

test("reads routing and behaviour, with paths relative to the file", () => {
  const { suites, findings } = loadTestText(
    `${head}  policies: [../policies]
  routing:
    - name: reads go to product
      from: shop/web
      request: {to: "product.shop:50051", grpc: shop.v1.ProductService/Get}
      expect: {destination: "product.shop.svc.cluster.local:50051", timeout: 0.5s}
  behaviour:
    - name: a slow product is cut off
      from: shop/web
      workloads: {shop/product: {replicas: 2, script: {delay: 2s}}}
      steps:
        - call: {to: "product.shop:50051", grpc: shop.v1.ProductService/Get, times: 3}
          expect: {status: UNAVAILABLE, flags: {UT: all}, attempts: {shop/product: {atMost: 1.2x}}}
`,
    "/shop/tests/a.test.yaml",
  );
  expect(findings).toEqual([]);
  expect(suites).toHaveLength(1);
  expect(suites[0]).toMatchObject({ name: "shop", policies: ["/shop/policies"], workloads: [], change: [] });
  expect(suites[0]?.behaviour[0]?.path).toEqual(["spec", "behaviour", 0]);
});

const wrong: [what: string, body: string, at: { line: number; message: RegExp; hint: RegExp }][] = [
  [
    "an unknown field, with the one that was meant",
    "  routing:\n    - {name: a, from: a/b, request: {to: c, grpc: x.Y/Z}, expect: {timout: 1s}}\n",
    { line: 6, message: /unknown field timout/, hint: /did you mean timeout\?/ },
  ],
  [
    "a number where a duration belongs",
    "  behaviour:\n    - name: a\n      from: a/b\n      workloads: {a/c: {}}\n      steps:\n        - wait: 3\n",
    { line: 10, message: /wait is a number \(3\), not text/, hint: /250ms/ },
  ],
  [
    "a duration without a unit",
    '  behaviour:\n    - {name: a, from: a/b, workloads: {a/c: {}}, steps: [{wait: "3"}]}\n',
    { line: 6, message: /wait cannot be "3"/, hint: /as in 250ms or 1.5s/ },
  ],
  [
    "a call of neither kind",
    "  behaviour:\n    - {name: a, from: a/b, workloads: {a/c: {}}, steps: [{call: {to: c}}]}\n",
    { line: 6, message: /call has neither grpc nor http/, hint: /exactly one of grpc, http/ },
  ],
  [
    "a status that does not exist",
    "  behaviour:\n    - {name: a, from: a/b, workloads: {a/c: {script: {status: SLOW}}}, steps: [{wait: 1s}]}\n",
    { line: 6, message: /status cannot be "SLOW"/, hint: /UNAVAILABLE/ },
  ],
  [
    "a workload without its namespace",
    "  behaviour:\n    - {name: a, from: web, workloads: {a/c: {}}, steps: [{wait: 1s}]}\n",
    { line: 6, message: /from cannot be "web"/, hint: /namespace\/name/ },
  ],
  [
    "a missing expectation",
    "  routing:\n    - {name: a, from: a/b, request: {to: c, grpc: x.Y/Z}}\n",
    { line: 6, message: /routing\[0\] has no expect/, hint: /add expect/ },
  ],
  [
    "a count that is no count",
    "  behaviour:\n    - {name: a, from: a/b, workloads: {a/c: {}}, steps: [{expect: {attempts: {a/c: many}}}]}\n",
    { line: 6, message: /a\/c cannot be "many"/, hint: /./ },
  ],
];

test.each(wrong)("reports %s where it stands", (_, body, { line, message, hint }) => {
  const { suites, findings } = loadTestText(head + body, "bad.test.yaml");
  expect(suites).toEqual([]);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ code: "M950", file: "bad.test.yaml", line });
  expect(findings[0]?.message).toMatch(message);
  expect(findings[0]?.hint).toMatch(hint);
});

test("reports a document that is no test, and text that is no YAML", () => {
  const { findings } = loadTestText("kind: Pod\n---\na: [\n", "x.test.yaml");
  expect(findings.map(({ line, message }) => [line, message])).toEqual([
    [1, "not a test: the kind is Pod"],
    [expect.any(Number), expect.stringContaining("not YAML")],
  ]);
});

test("reads the cases of istio-config-validator: every combination of authority, method and path", () => {
  const { requestSuites, findings } = loadTestText(
    `testCases:
  - description: users
    wantMatch: true
    request:
      authority: [a.example, b.example]
      method: [GET, POST]
      uri: [/users]
      headers: {x-user: qa}
    route:
      - destination: {host: users, port: {number: 80}}
  - description: no method
    request: {authority: [a.example], uri: [/]}
`,
    "users.yml",
  );
  expect(requestSuites[0]?.cases).toHaveLength(1);
  expect(requestSuites[0]?.cases[0]?.requests.map(({ authority, method }) => `${method} ${authority}`)).toEqual([
    "GET a.example",
    "POST a.example",
    "GET b.example",
    "POST b.example",
  ]);
  expect(findings).toMatchObject([{ line: 12, path: "testCases[1].request", message: "request has no method" }]);
});

test("finds the test files under folders, and takes files as they are named", () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-test-"));
  try {
    mkdirSync(join(folder, "siren", "tests"), { recursive: true });
    const files = ["siren/product.yaml", "siren/tests/product.test.yaml", "b.test.yml"];
    for (const file of files) writeFileSync(join(folder, file), "");
    const found = findTestFiles([folder, join(folder, "siren", "product.yaml")]);
    expect(found).toEqual(
      ["b.test.yml", "siren/tests/product.test.yaml", "siren/product.yaml"].map((f) => join(folder, f)),
    );
    expect(loadTests([join(folder, "none.yaml")]).findings).toMatchObject([{ code: "M950", line: 1 }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
