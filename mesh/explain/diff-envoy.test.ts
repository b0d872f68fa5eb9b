import { expect, test } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { buildWorld } from "#mesh/policy-test/world.ts";
import { diffEnvoy } from "./diff-envoy.ts";

const workload = (name: string, namespace: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec: {template: {metadata: {labels: {app: ${name}}}, spec: {serviceAccountName: ${name}, containers: []}}}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, clusterIP: 10.0.${namespace.length}.${name.length}, ports: [{name: grpc, port: 50051}]}
---`;

const shops = workload("web", "shop") + workload("a", "shop") + workload("other", "far");

const policies = ({ timeout = "1s", times = 5, sourceApp = "" }) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  exportTo: ["."]
  http:
    - name: reads
      ${sourceApp === "" ? "" : `match: [{sourceLabels: {app: ${sourceApp}}}]`}
      timeout: ${timeout}
      route: [{destination: {host: a}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec: {host: a, exportTo: ["."], trafficPolicy: {outlierDetection: {consecutive5xxErrors: ${times}}}}
`;

const world = (yaml: string) => buildWorld(loadText(shops + yaml, "a.yaml").objects);

test("nothing changes where nothing changes", () => {
  const { effects, untouched } = diffEnvoy(world(policies({})), world(`\n# A comment.\n${policies({})}`));
  expect(effects).toEqual([]);
  expect(untouched).toEqual(["far/other", "istio-system/istio-ingressgateway", "shop/a", "shop/web"]);
});

test("names the callers whose proxies change, the callee, and each field of Envoy's configuration", () => {
  const { effects, untouched } = diffEnvoy(world(policies({})), world(policies({ timeout: "2s", times: 7 })));
  expect(untouched).toEqual(["far/other", "istio-system/istio-ingressgateway"]);
  expect(effects).toEqual([
    {
      callers: ["shop/a", "shop/web"],
      callee: "a.shop.svc.cluster.local:50051",
      resources: [
        {
          type: "cluster",
          name: "outbound|50051||a.shop.svc.cluster.local",
          change: "changed",
          fields: [{ path: "outlier_detection.consecutive_5xx", before: 5, after: 7 }],
        },
        {
          type: "route",
          name: "50051",
          change: "changed",
          fields: [
            {
              path: "virtual_hosts[a.shop.svc.cluster.local:50051].routes[reads].route.timeout",
              before: "1s",
              after: "2s",
            },
            {
              path: "virtual_hosts[a.shop.svc.cluster.local:50051].routes[reads].route.max_grpc_timeout",
              before: "1s",
              after: "2s",
            },
          ],
        },
      ],
    },
  ]);
});

test("callers that a change touches in different ways stand apart", () => {
  const before = policies({});
  const after = policies({ sourceApp: "web" });
  const { effects } = diffEnvoy(world(before), world(after));
  // For web nothing changes but the match's form; a itself is sent by the default route now.
  expect(effects.map(({ callers }) => callers)).toEqual([["shop/a"], ["shop/web"]]);
});

test("a service that is new is an addition for whoever sees it", () => {
  const { effects } = diffEnvoy(world(""), world(workload("c", "shop")));
  const added = effects.filter(({ callee }) => callee === "c.shop.svc.cluster.local:50051");
  expect(added.flatMap(({ resources }) => resources.map(({ type, change }) => `${type} ${change}`))).toContain(
    "cluster added",
  );
  expect(new Set(added.flatMap(({ callers }) => callers))).toEqual(
    new Set(["far/other", "istio-system/istio-ingressgateway", "shop/a", "shop/c", "shop/web"]),
  );
});
