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
];

describe("conditions under which istioctl analyze says nothing", () => {
  it.each(cases)("$code: $when", ({ code, found, notFound }) => {
    expect(codesOf(found)).toContain(code);
    expect(codesOf(notFound)).not.toContain(code);
  });
});
