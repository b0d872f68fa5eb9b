import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { parseQuantity } from "./quantity.ts";
import { readWorkloads } from "./read-workloads.ts";

const root = mkdtempSync(join(tmpdir(), "mesh-workloads-"));
const folder = join(root, "services", "siren", "product");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "main.ts"), "");
afterAll(() => rmSync(root, { recursive: true }));

const whole = `apiVersion: apps/v1
kind: Deployment
metadata: { name: product, namespace: siren }
spec:
  replicas: 2
  selector: { matchLabels: { app: product } }
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: product, version: v1 } }
    spec:
      serviceAccountName: product
      containers:
        - name: product
          image: ghcr.io/x/siren-product:1
          ports: [{ name: rpc, containerPort: 50051 }]
          env:
            - { name: A, value: "1" }
            - { name: B, valueFrom: { secretKeyRef: { name: s, key: k } } }
            - { name: C, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
          envFrom: [{ configMapRef: { name: product } }]
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { memory: 128Mi } }
          readinessProbe: { grpc: { port: 50051, service: readiness }, periodSeconds: 2 }
          livenessProbe: { httpGet: { path: /livez, port: rpc } }
---
apiVersion: v1
kind: Service
metadata: { name: product, namespace: siren }
spec: { selector: { app: product }, ports: [{ name: grpc, port: 50051, targetPort: rpc }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: product, namespace: siren }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: product }
  minReplicas: 2
  maxReplicas: 6
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
`;

function read(text: string) {
  const { objects } = loadText(text, join(folder, "k8s.yaml"));
  return readWorkloads(objects);
}

describe("readWorkloads", () => {
  it("reads a Deployment with its Service and autoscaler", () => {
    const { workloads, findings } = read(whole);
    expect(findings).toEqual([]);
    expect(workloads).toHaveLength(1);
    expect(workloads[0]).toMatchObject({
      system: "siren",
      namespace: "siren",
      name: "product",
      folder,
      replicas: 2,
      strategy: { type: "RollingUpdate", maxSurge: 1, maxUnavailable: 0 },
      labels: { app: "product", version: "v1" },
      serviceAccount: "product",
      terminationGracePeriodSeconds: 30,
      run: { type: "bundle", entry: join(folder, "main.ts") },
      container: {
        ports: [{ name: "rpc", containerPort: 50051, grpc: true }],
        cpuRequest: 0.1,
        memoryLimitBytes: 128 * 2 ** 20,
        env: [
          { from: "allOfConfigMap", object: "product" },
          { from: "value", name: "A", value: "1" },
          { from: "secret", name: "B", object: "s", key: "k" },
          { from: "field", name: "C", fieldPath: "metadata.name" },
        ],
        probes: {
          readiness: { action: { type: "grpc", port: 50051, service: "readiness" }, periodSeconds: 2 },
          liveness: { action: { type: "http", port: 50051, path: "/livez", scheme: "HTTP" }, failureThreshold: 3 },
        },
      },
      autoscaling: { minReplicas: 2, maxReplicas: 6, scaleDown: { stabilizationWindowSeconds: 300 } },
    });
  });

  it("takes the shell command of the annotation", () => {
    const { workloads } = read(
      whole.replace(
        "labels: { app: product, version: v1 }",
        "labels: { app: product }, annotations: { mainsheet.dev/run: ./run }",
      ),
    );
    expect(workloads[0]?.run).toEqual({ type: "command", command: "./run" });
  });

  it.each([
    ["replicas: 2", "replicas: two", 5, 3, "spec.replicas must be an integer"],
    ["{ app: product, version: v1 }", "{ app: other }", 6, 30, "does not match the labels"],
    ["periodSeconds: 2", "periodSeconds: 0", 22, 72, "must be an integer of at least 1"],
    ["cpu: 100m", "cpu: fast", 21, 36, "is no quantity"],
    ["port: rpc }", "port: web }", 23, 53, 'names no port of the container: "web"'],
    ["maxSurge: 1", "maxSurge: lots", 7, 32, "must be a number of replicas or a percentage"],
    ["image: ghcr.io/x/siren-product:1", "image: 7", 14, 11, "image must be a string"],
  ])("says where %s is wrong as %s", (right, wrong, line, column, message) => {
    const { workloads, findings } = read(whole.replace(right, wrong));
    expect(workloads).toEqual([]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code: "M920", severity: "error", line, column });
    expect(findings[0]?.message).toContain(message);
  });

  it("says what is not run locally and what has no effect, and runs the rest", () => {
    const text = whole
      .replace("      containers:", "      initContainers: [{ name: init }]\n      containers:")
      .replace("  replicas: 2", "  replica: 2");
    const { workloads, findings } = read(text);
    expect(workloads).toHaveLength(1);
    expect(findings.map((finding) => [finding.severity, finding.path])).toEqual([
      ["warning", "spec.replica"],
      ["warning", "spec.template.spec.initContainers[0]"],
    ]);
  });
});

it.each([
  ["250m", 0.25],
  ["2", 2],
  [1.5, 1.5],
  ["128Mi", 134217728],
  ["1e3", 1000],
  ["1E", 1e18],
  ["", undefined],
  ["12 Mi", undefined],
  ["12mi", undefined],
] as const)("the quantity %s is %s", (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});
