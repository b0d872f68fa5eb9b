import { describe, expect, it } from "vitest";
import { loadText } from "../../load.ts";
import { lint } from "../lint.ts";

function codesOf(text: string): Set<string> {
  return new Set(lint(loadText(text, "test.yaml").objects).map(({ code }) => code));
}

const tcpEntry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: it, namespace: shop}
spec: {hosts: [db.example.com], ports: [{number: 5432, name: tcp, protocol: TCP}], resolution: DNS}
`;

function meshConfig(mesh: string): string {
  return `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: '${mesh}'
`;
}

function namespace(label: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {${label}}}
`;
}

function deployment(metadata: string): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: dns, namespace: shop}
spec: {template: {metadata: {${metadata}}, spec: {serviceAccountName: dns}}}
`;
}

/** Two Services that disagree on a port's transport, and on the port that leads to 5353. */
const dnsServices = `
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: shop}
spec: {selector: {app: dns}, ports: [{name: tcp-dns, port: 53, targetPort: 5353}]}
---
apiVersion: v1
kind: Service
metadata: {name: dns-udp, namespace: shop}
spec:
  selector: {app: dns}
  ports: [{name: udp-dns, port: 53, protocol: UDP}, {name: tcp-old, port: 54, targetPort: 5353}]
`;

/** Of each code: files that have the finding, and what their authors add or write instead so that it goes. */
const cases: { code: string; when: string; found: string; notFound: string }[] = [
  {
    code: "IST0134",
    when: "sidecars allocate addresses",
    found: tcpEntry + meshConfig('defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}'),
    notFound:
      tcpEntry +
      meshConfig(
        'defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true", ISTIO_META_DNS_AUTO_ALLOCATE: "true"}}',
      ),
  },
  ...[
    ["its label says so", deployment("labels: {app: dns, sidecar.istio.io/inject: 'false'}")],
    ["its annotation says so", deployment("labels: {app: dns}, annotations: {sidecar.istio.io/inject: 'false'}")],
    ["its Namespace says so", `${deployment("labels: {app: dns}")}---${namespace("istio-injection: disabled")}`],
  ].flatMap(([how, outside = ""]) =>
    ["IST0116", "IST0137"].map((code) => ({
      code,
      when: `the workload has no sidecar, as ${how}`,
      found: `${deployment("labels: {app: dns}")}---${namespace("istio-injection: enabled")}---${dnsServices}`,
      notFound: `${outside}---${dnsServices}`,
    })),
  ),
];

describe("a policy for workloads without a sidecar", () => {
  const policy = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: it, namespace: shop}
spec: {selector: {matchLabels: {app: dns}}, rules: [{}]}
`;

  it("protects nothing (IST0127)", () => {
    expect(codesOf(`${deployment("labels: {app: dns}")}---${policy}`)).not.toContain("IST0127");
    const outside = deployment("labels: {app: dns, sidecar.istio.io/inject: 'false'}");
    expect(codesOf(`${outside}---${policy}`)).toContain("IST0127");
  });
});

describe("conditions under which istioctl analyze says nothing", () => {
  it.each(cases)("$code: $when", ({ code, found, notFound }) => {
    expect(codesOf(found)).toContain(code);
    expect(codesOf(notFound)).not.toContain(code);
  });
});
