import { describe, expect, it } from "vitest";
import { loadText } from "../load.ts";
import { type KindName, kinds } from "./kinds/registry.ts";
import { lint } from "./lint.ts";

/** The codes that tell what istiod says of such a document, and those of Kubernetes' own refusals. */
function codesOf(kind: KindName, spec: string): string {
  const { group, versions } = kinds[kind];
  const text = `
apiVersion: ${group}/${versions[0]}
kind: ${kind}
metadata: {name: product, namespace: shop}
spec: ${spec}
`;
  const codes = lint(loadText(text, "test.yaml").objects).map(({ code }) => code);
  return [...new Set(codes)]
    .filter((code) => /^(IST0106|IST0133|M014)$/.test(code))
    .sort()
    .join(" ");
}

/** A route of a VirtualService. */
function route(fields: string): string {
  return `{hosts: [product], http: [{${fields}}]}`;
}

describe("of fields that exclude one another istiod reads the last", () => {
  it.each<[KindName, string, string]>([
    ["Telemetry", "{tracing: [{customTags: {a: {header: {}, formatter: {value: x}}}}]}", "M014"],
    ["Telemetry", "{tracing: [{customTags: {a: {header: {}}}}]}", "IST0106"],
    ["WorkloadGroup", "{template: {}, probe: {httpGet: {port: 0}, tcpSocket: {port: 80}}}", "M014"],
    ["WorkloadGroup", "{template: {}, probe: {tcpSocket: {port: 80}, exec: {}}}", "IST0106 M014"],
    [
      "VirtualService",
      route("fault: {abort: {grpcStatus: OK, http2Error: x}}, route: [{destination: {host: a}}]"),
      "IST0106 M014",
    ],
    [
      "VirtualService",
      route("match: [{uri: {prefix: /a, regex: /b}}, {uri: {prefix: /ab}}], route: [{destination: {host: a}}]"),
      "M014",
    ],
  ])("%s %s: %s", (kind, spec, codes) => {
    expect(codesOf(kind, spec)).toBe(codes);
  });
});
