import { expect, it } from "vitest";
import { istioMetrics } from "./metrics.ts";

it("names requests as Istio does, with what a callee knows of its caller", () => {
  const text = istioMetrics(`# TYPE envoy_istio_requests_total counter
envoy_istio_requests_total{reporter="destination",source_principal="spiffe://cluster.local/ns/siren/sa/order",response_flags="-"} 3
envoy_istio_requests_total{reporter="source",source_workload="order",source_principal="spiffe://cluster.local/ns/siren/sa/order"} 3
`);
  expect(text).toBe(`# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",source_workload="order",source_workload_namespace="siren",source_principal="spiffe://cluster.local/ns/siren/sa/order",connection_security_policy="mutual_tls",response_flags="unknown"} 3
istio_requests_total{reporter="source",source_workload="order",source_principal="spiffe://cluster.local/ns/siren/sa/order"} 3
`);
});

it("says of a caller without a certificate that it is unknown", () => {
  const text = istioMetrics('envoy_istio_requests_total{reporter="destination",source_principal="-"} 1\n');
  expect(text).toContain('source_workload="unknown"');
  expect(text).toContain('connection_security_policy="none"');
});
