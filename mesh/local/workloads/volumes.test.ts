import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { readWorkloads } from "./read-workloads.ts";
import { mountClaims } from "./volumes.ts";

const root = mkdtempSync(join(tmpdir(), "mesh-volumes-"));
writeFileSync(join(root, "main.ts"), "");
afterAll(() => rmSync(root, { recursive: true }));

const claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: files, namespace: stay }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
`;
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: promotion, namespace: stay }
spec:
  selector: { matchLabels: { app: promotion } }
  strategy: { type: Recreate }
  template:
    metadata: { labels: { app: promotion } }
    spec:
      containers:
        - name: promotion
          image: promotion
          volumeMounts:
            - { name: data, mountPath: /var/lib/promotion/ }
            - { name: scratch, mountPath: /tmp }
      volumes:
        - { name: data, persistentVolumeClaim: { claimName: files } }
        - { name: scratch, emptyDir: {} }
`;

function read(text: string) {
  const { objects } = loadText(text, join(root, "k8s.yaml"));
  return readWorkloads(objects);
}

describe("a PersistentVolumeClaim", () => {
  it("is read with the place where the container sees it", () => {
    const { workloads, findings } = read(claim + deployment);
    expect(findings).toEqual([]);
    expect(workloads[0]?.strategy).toEqual({ type: "Recreate" });
    expect(workloads[0]?.container.mounts).toEqual([{ claim: "files", mountPath: "/var/lib/promotion", subPath: "" }]);
  });

  it("that does not exist leaves the workload out, as its pod would never start", () => {
    const { workloads, findings } = read(deployment);
    expect(workloads).toEqual([]);
    expect(findings.map(({ severity, path }) => [severity, path])).toEqual([
      ["error", "spec.template.spec.volumes[0].persistentVolumeClaim.claimName"],
    ]);
  });
});

it("says which volumes are not mounted", () => {
  const text = deployment.replace("persistentVolumeClaim: { claimName: files }", "configMap: { name: files }");
  expect(read(text).findings.map(({ severity, path }) => [severity, path])).toEqual([
    ["warning", "spec.template.spec.volumes[0]"],
  ]);
});

describe("mountClaims", () => {
  const mounts = [
    { claim: "files", mountPath: "/var/lib/promotion", subPath: "" },
    { claim: "files", mountPath: "/pictures", subPath: "large" },
  ];
  const path = join(root, "volumes", "stay", "files");

  it.each([
    ["file:/var/lib/promotion/promotion.db", `file:${path}/promotion.db`],
    ["/var/lib/promotion", path],
    ["/var/lib/promotion:/pictures/a", `${path}:${path}/large/a`],
    ["/var/lib/promotions", "/var/lib/promotions"],
    ["/srv/var/lib/promotion", "/srv/var/lib/promotion"],
    ["promotion", "promotion"],
  ])("makes of %s %s", (value, expected) => {
    expect(mountClaims({ A: value }, mounts, { folder: join(root, "volumes"), namespace: "stay" })).toEqual({
      A: expected,
    });
  });

  it("replaces the longest path, and nothing twice", () => {
    const nested = [
      { claim: "one", mountPath: "/data", subPath: "" },
      { claim: "two", mountPath: "/data/pictures", subPath: "" },
    ];
    const where = { folder: join(root, "data"), namespace: "stay" };
    const env = { A: "/data/pictures/a", B: "/data:/data/b" };
    expect(mountClaims(env, nested, where)).toEqual({
      A: join(root, "data", "stay", "two", "a"),
      B: `${join(root, "data", "stay", "one")}:${join(root, "data", "stay", "one", "b")}`,
    });
  });

  it("makes the folders and keeps what is in them", () => {
    const where = { folder: join(root, "kept"), namespace: "stay" };
    mountClaims({}, mounts, where);
    const file = join(root, "kept", "stay", "files", "large", "kept");
    writeFileSync(file, "");
    mountClaims({}, mounts, where);
    expect(existsSync(file)).toBe(true);
  });
});
