import { describe, expect, it } from "vitest";
import { loadText } from "../load.ts";
import { lint } from "./lint.ts";

function codesOf(annotation: string, more = ""): string[] {
  const { objects } = loadText(
    `${more}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: product
  annotations: {mainsheet.dev/ignore: ${JSON.stringify(annotation)}}
spec:
  hosts: [product]
  http:
    - route: [{destination: {host: product}}]
      fault: {delay: {fixedDelay: 1s}}
`,
    "test.yaml",
  );
  return lint(objects).map(({ code }) => code);
}

describe("mainsheet.dev/ignore", () => {
  it.each([
    ["suppresses the codes that it gives a reason for", "M005=the default is wanted; M020=see ADR 7", []],
    ["leaves the others", "M005=the default is wanted", ["M020"]],
    ["suppresses nothing without a reason, and says so", "M005; M020= ", ["M038", "M038", "M005", "M020"]],
    ["says when a code does not exist", "M777=why not", ["M038", "M005", "M020"]],
    ["says when there is nothing to suppress", "M005=a; M020=b; M010=c", ["M039"]],
    ["takes an equals sign in the reason", "M005=a=b;M020=c", []],
    ["takes a semicolon in the reason", "M005=a; b, as it was ; M020=c;", []],
    ["takes an empty annotation", "", ["M005", "M020"]],
  ])("%s", (_, annotation, codes) => {
    expect(codesOf(annotation)).toEqual(codes);
  });

  it("says that there is no finding along the calls only where it knows who calls", () => {
    const workload = `apiVersion: v1
kind: Pod
metadata: {name: order, labels: {app: order}}
spec: {containers: []}
---
`;
    expect(codesOf("M005=a; M020=b; M006=c")).toEqual([]);
    expect(codesOf("M005=a; M020=b; M006=c", workload)).toEqual(["M039"]);
  });
});
