import { describe, expect, it } from "vitest";
import { loadText } from "../../load.ts";
import { lint } from "../lint.ts";

/** The hint of the finding at a path, of a VirtualService with such a route. */
function hintAt(path: string, route: string): string | undefined {
  const text = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product, namespace: shop}
spec: {hosts: [product], http: [${route}]}
`;
  const findings = lint(loadText(text, "test.yaml").objects);
  return findings.find((finding) => finding.path === `spec.http[0].${path}` && /M013|IST0106/.test(finding.code))?.hint;
}

describe("what to write instead of", () => {
  it.each([
    ["a misspelt field", "retires", "{retires: {attempts: 2}}", "did you mean retries?"],
    ["a field too deep", "match[0].route", "{match: [{route: []}]}", "it is a field of spec.http[0]: indent it less"],
    ["a field too high", "perTryTimeout", "{perTryTimeout: 1s}", "it is a field of retries: write it there"],
    ["a field with a unit in its name", "timeoutSeconds", "{timeoutSeconds: 2}", "did you mean timeout?"],
    ["a number where an object of one field is", "mirrorPercentage", "{mirrorPercentage: 5}", "write {value: 5}"],
    ["text where an object is that holds such", "mirror", "{mirror: product}", 'write {host: "product"}'],
    ["a percentage where a number is", "route[0].weight", "{route: [{weight: 50%}]}", "write 50, without %"],
    ["labels without their map", "match[0].sourceLabels", "{match: [{sourceLabels: app=a}]}", "write {app: a}"],
    [
      "an address where a host is",
      "route[0].destination.host",
      "{route: [{destination: {host: 'http://a:80/b'}}]}",
      "write a: a host has no scheme, port or path",
    ],
    ["text where a match is", "match[0].uri", "{match: [{uri: /a}]}", 'write {exact: "/a"}'],
    [
      "an object where a list is",
      "route",
      "{route: {destination: {host: a}}}",
      "write a list: a dash before the first field of each item",
    ],
    [
      "a list where an object is",
      "retries",
      "{retries: [{attempts: 1}]}",
      "write an object: its fields without a dash before them",
    ],
  ])("%s", (_, path, route, hint) => {
    expect(hintAt(path, route)).toBe(hint);
  });
});
