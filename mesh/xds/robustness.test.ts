import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { compileProxy } from "./compile.ts";
import { buildMesh } from "./mesh.ts";
import type { Proxy } from "./proxy.ts";
import { shops } from "./testing/world.ts";

const documents = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product, namespace: siren}
spec:
  hosts: [product, "*.siren.svc.cluster.local"]
  gateways: [mesh, public]
  exportTo: ["*"]
  http:
    - name: read
      match: [{uri: {prefix: /a}, headers: {x: {regex: "a+"}}, sourceLabels: {app: order}, port: 50051}]
      route: [{destination: {host: product, subset: v1, port: {number: 50051}}, weight: 90}, {destination: {host: product}, weight: 10}]
      timeout: 1.5s
      retries: {attempts: 2, perTryTimeout: 200ms, retryOn: "503,reset"}
      fault: {delay: {fixedDelay: 1s, percentage: {value: 5}}, abort: {grpcStatus: INTERNAL}}
      headers: {request: {set: {a: b}}}
      corsPolicy: {allowOrigins: [{exact: "*"}], maxAge: 1h}
      mirrors: [{destination: {host: report}, percentage: {value: 1}}]
    - match: [{uri: {prefix: /d}}]
      delegate: {name: leaf}
    - redirect: {uri: /x, redirectCode: 302}
  tcp: [{match: [{port: 7}], route: [{destination: {host: report}}]}]
  tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: report}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: siren}
spec: {http: [{route: [{destination: {host: report}}], delegate: {name: leaf}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: product, namespace: siren}
spec:
  host: product
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1, connectTimeout: 1s}, http: {http2MaxRequests: 5}}
    outlierDetection: {consecutive5xxErrors: 3, interval: 1s}
    loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 1s}}, localityLbSetting: {failover: [{from: a, to: b}]}}
    portLevelSettings: [{port: {number: 8080}, tls: {mode: SIMPLE}}]
  subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: siren}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["./*"], tls: {mode: SIMPLE, credentialName: c}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ai, namespace: siren}
spec:
  hosts: [a.example]
  addresses: [10.9.0.0/16]
  resolution: STATIC
  ports: [{number: 443, name: tls, protocol: TLS, targetPort: 8443}]
  endpoints: [{address: 10.9.0.1, labels: {version: v1}, weight: 2, locality: a/b/c}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: siren}
spec:
  egress: [{port: {number: 50051, protocol: GRPC, name: g}, hosts: ["./*"]}, {hosts: ["*/*"]}]
  ingress: [{port: {number: 9000, protocol: HTTP, name: h}, defaultEndpoint: "127.0.0.1:80"}]
  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: out}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p, namespace: siren}
spec: {selector: {matchLabels: {app: order}}, mtls: {mode: STRICT}, portLevelMtls: {9000: {mode: DISABLE}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a, namespace: siren}
spec: {rules: [{from: [{source: {principals: ["*"], ipBlocks: [10.0.0.0/8]}}], when: [{key: "request.headers[x]", values: [a]}]}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: e, namespace: siren}
spec:
  configPatches: [{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: MERGE, value: {connect_timeout: 1s}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "proxyHttpPort: 15007\\nconnectTimeout: 2s"}`;

const text = `${shops}---\n${documents}`;

const proxies: Proxy[] = [
  {
    name: "order-1",
    namespace: "siren",
    labels: { app: "order", version: "v1" },
    ip: "10.1.0.1",
    type: "sidecar",
    serviceAccount: "order",
  },
  {
    name: "gateway",
    namespace: "istio-system",
    labels: { istio: "ingressgateway" },
    ip: "10.1.0.9",
    type: "router",
    serviceAccount: "gateway",
  },
];

function compileAll(yaml: string) {
  const loaded = loadText(yaml, "fuzz.yaml");
  const { mesh, findings } = buildMesh(loaded.objects);
  const made = proxies.map((proxy) => compileProxy(mesh, proxy));
  return { findings: [...loaded.findings, ...findings, ...made.flatMap((one) => one.findings)], made };
}

/** What people and tools put in the place of a value. */
const substitutes = [
  "~",
  "[]",
  "{}",
  "-1",
  "0",
  "1.5",
  '""',
  "yes",
  "[[[]]]",
  "{a: {b: 1}}",
  "99999999999999999999",
  '"pro duct"',
  "0s",
  '"1.5"',
  '"("',
  "*",
  "&x",
  "!!binary a",
];

describe("whatever stands in the YAML", () => {
  it("compiles the documents as they are without a finding", () => {
    expect(compileAll(text).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("is compiled or reported with its place, never a crash", () => {
    const values = [...documents.matchAll(/(?<=[:,[] ?)[\w."*/~-]+(?=[\]},\n])/g)].map(({ index, 0: value }) => ({
      index,
      length: value.length,
    }));
    const edit = fc.record({ at: fc.constantFrom(...values), by: fc.constantFrom(...substitutes) });
    fc.assert(
      fc.property(fc.uniqueArray(edit, { minLength: 1, maxLength: 3, selector: ({ at }) => at.index }), (edits) => {
        let mutated = documents;
        for (const { at, by } of edits.toSorted((a, b) => b.at.index - a.at.index)) {
          mutated = mutated.slice(0, at.index) + by + mutated.slice(at.index + at.length);
        }
        const { findings, made } = compileAll(`${shops}---\n${mutated}`);
        for (const { line, hint } of findings) expect([line > 0, hint !== ""]).toEqual([true, true]);
        for (const one of made) expect(JSON.stringify(one)).not.toContain("undefined");
      }),
      { numRuns: 300 },
    );
  });

  it("is compiled or reported when characters are lost", () => {
    fc.assert(
      fc.property(fc.nat(documents.length), fc.integer({ min: 1, max: 30 }), (at, length) => {
        const { findings } = compileAll(`${shops}---\n${documents.slice(0, at)}${documents.slice(at + length)}`);
        for (const { line } of findings) expect(line).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it("gives the same configuration every time", () => {
    const json = (): string => JSON.stringify(compileAll(text).made);
    expect(json()).toBe(json());
  });
});
