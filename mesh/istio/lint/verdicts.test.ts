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

describe("a number in quotes is read as one of JSON", () => {
  it.each([
    ["'80'", "M014"],
    ["' 80'", "M014"],
    ["'1e2'", "IST0106"],
    ["'0x50'", "IST0106"],
    ["'080'", "IST0106"],
    ["''", "IST0106"],
  ])("of a port, %s: %s", (port, codes) => {
    expect(codesOf("VirtualService", route(`route: [{destination: {host: a, port: {number: ${port}}}}]`))).toBe(codes);
  });

  it.each([
    ["'2e0'", "M014"],
    ["NaN", "M014"],
    ["'0.5'", "IST0106 M014"],
    [".inf", "IST0106"],
  ])("of a rate, %s: %s", (aggression, codes) => {
    const warmup = `{duration: 30s, aggression: ${aggression}}`;
    expect(codesOf("DestinationRule", `{host: a, trafficPolicy: {loadBalancer: {warmup: ${warmup}}}}`)).toBe(codes);
  });
});

describe("an empty list is none", () => {
  it.each<[KindName, string, string]>([
    ["ServiceEntry", "{hosts: [a.com], resolution: STATIC, workloadSelector: {labels: {a: b}}, endpoints: []}", ""],
    ["VirtualService", route("delegate: {name: a}, route: []"), ""],
    ["DestinationRule", "{host: a, trafficPolicy: {portLevelSettings: []}}", "IST0106"],
    [
      "DestinationRule",
      "{host: a, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: []}}}",
      "",
    ],
    ["AuthorizationPolicy", "{action: DENY, rules: [{to: [{operation: {paths: [/a], ports: []}}]}]}", "IST0133"],
    [
      "AuthorizationPolicy",
      "{action: DENY, rules: [{from: [{source: {requestPrincipals: [a], ipBlocks: []}}]}]}",
      "IST0133",
    ],
  ])("%s %s: %s", (kind, spec, codes) => {
    expect(codesOf(kind, spec)).toBe(codes);
  });
});

it.each([
  ["{bytes: aGk=}", ""],
  ["{bytes: aGk}", "IST0106"],
  ["{bytes: 'a*=='}", "IST0106"],
])("the body of a direct response, %s: %s", (body, codes) => {
  expect(codesOf("VirtualService", route(`directResponse: {status: 200, body: ${body}}`))).toBe(codes);
});

it.each([
  ["headers: {}", "IST0133"],
  ["port: 0", "IST0133"],
  ["gateways: []", "IST0133"],
  ["headers: {a: {}}", ""],
  ["scheme: {}", ""],
])("a match that has also %s is, for the one that comes after it without: %s", (field, codes) => {
  const to = "route: [{destination: {host: a}}]";
  const spec = route(`match: [{uri: {exact: /a}, ${field}}], ${to}}, {match: [{uri: {exact: /a}}], ${to}`);
  expect(codesOf("VirtualService", spec)).toBe(codes);
});

it.each([
  ["'a,b'", ""],
  ["'a b'", "IST0106"],
])("the name of a header for CORS, %s: %s", (name, codes) => {
  const spec = route(`corsPolicy: {exposeHeaders: [${name}]}, route: [{destination: {host: a}}]`);
  expect(codesOf("VirtualService", spec)).toBe(codes);
});

it.each([
  ["STATIC", ""],
  ["NONE", "IST0133"],
])("a TCP port of a wildcard without an address, with resolution %s: %s", (resolution, codes) => {
  const spec = `{hosts: ['*.a.com'], ports: [{number: 80, name: a, protocol: TCP}], resolution: ${resolution}}`;
  expect(codesOf("ServiceEntry", spec)).toBe(codes);
});

it.each([
  ['{"kty": "oct", "k": "aGk"}', ""],
  ['{"kty": "oct", "k": "a+k="}', ""],
  ['{"kty": "oct", "k": "a-k="}', ""],
  ['{"kty": "oct", "k": "a-+k"}', "IST0106"],
  ['{"kty": "oct", "k": "aGkaa"}', "IST0106"],
  ['{"kty": "EC", "crv": "P-256", "x": "aa", "y": "aa"}', ""],
  ['{"kty": "EC", "x": "aa", "y": "aa"}', "IST0106"],
  ['{"kty": "OKP", "crv": "Ed25519", "x": "aa", "d": "a"}', "IST0106"],
  ['{"kty": "RSA", "n": "aa", "e": "AQAB", "kid": 1}', "IST0106"],
  ['{"kty": "oct", "k": "aa", "key_ops": ["verify"]}', ""],
  ['{"kty": "oct", "k": "aa", "key_ops": "verify"}', "IST0106"],
  ['{"keys": null}', ""],
  ['{"keys": {}}', "IST0106"],
])("a key set, %s: %s", (jwks, codes) => {
  expect(codesOf("RequestAuthentication", `{jwtRules: [{issuer: a, jwks: '${jwks}'}]}`)).toBe(codes);
});
