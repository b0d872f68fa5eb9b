import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildKustomization } from "./build.ts";
import { applyJsonPatch } from "./json-patch.ts";

const root = mkdtempSync(join(tmpdir(), "mesh-kustomize-"));
afterAll(() => rmSync(root, { recursive: true }));

const base = {
  "base/kustomization.yaml": "resources: [k8s.yaml]",
  "base/k8s.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: product, namespace: siren, labels: { tier: back } }
spec:
  template:
    spec:
      containers:
        - name: product
          image: siren-product
          env: [{ name: A, value: "1" }, { name: B, value: "2" }]
          args: [one]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: siren }
data: { X: "1", Y: "2" }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: product, namespace: siren }
spec: { hosts: [product], http: [{ timeout: 1s }, { timeout: 2s }] }
`,
};

let cases = 0;

function build(overlayYaml: string, files: Record<string, string> = {}) {
  const folder = join(root, String(++cases));
  const all = { ...base, "overlay/kustomization.yaml": `resources: [../base]\n${overlayYaml}`, ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { objects, findings } = buildKustomization(join(folder, "overlay"));
  const find = (kind: string) => objects.find((object) => object.kind === kind)?.raw;
  return { objects, findings, find };
}

describe("buildKustomization", () => {
  it("merges a patch by name: containers and env, other lists are replaced", () => {
    const { find, findings } = build(`patches:
  - target: { kind: Deployment, name: product }
    patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: product }
      spec:
        template:
          spec:
            containers:
              - name: product
                args: [two]
                env: [{ name: B, value: "3" }, { name: CHAOS, value: "400-620" }, { name: A, $patch: delete }]
`);
    expect(findings).toEqual([]);
    const env = [
      { name: "CHAOS", value: "400-620" },
      { name: "B", value: "3" },
    ];
    const containers = [{ name: "product", image: "siren-product", env, args: ["two"] }];
    expect(find("Deployment")).toMatchObject({ spec: { template: { spec: { containers } } } });
  });

  it("replaces lists of Istio's kinds whole, and takes patches from files without a target", () => {
    const { find } = build("patches: [{ path: patch.yaml }]", {
      "overlay/patch.yaml": `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: product, namespace: siren }
spec: { http: [{ timeout: 9s }], hosts: null }
`,
    });
    expect(find("VirtualService")).toMatchObject({ spec: { http: [{ timeout: "9s" }] } });
    expect(find("VirtualService")).not.toHaveProperty("spec.hosts");
  });

  it("applies a JSON patch to what its target matches", () => {
    const { find } = build(`patches:
  - target: { kind: VirtualService, labelSelector: "", name: "prod.*" }
    patch: '[{ op: replace, path: /spec/http/1/timeout, value: 5s }, { op: add, path: /spec/hosts/-, value: other }]'
`);
    expect(find("VirtualService")).toMatchObject({
      spec: { hosts: ["product", "other"], http: [{}, { timeout: "5s" }] },
    });
  });

  it("generates and merges ConfigMaps, sets images, replicas and the namespace", () => {
    const { find, objects, findings } = build(
      `namespace: other
images: [{ name: siren-product, newName: registry/product, newTag: "7" }]
replicas: [{ name: product, count: 3 }]
configMapGenerator:
  - { name: config, behavior: merge, literals: ["Y=9"], envs: [more.env] }
  - { name: made, files: [a.txt, b=a.txt] }
generatorOptions: { disableNameSuffixHash: true }
`,
      { "overlay/more.env": "# comment\nZ=a=b\n", "overlay/a.txt": "text" },
    );
    expect(findings).toEqual([]);
    expect(find("ConfigMap")).toMatchObject({ metadata: { namespace: "other" }, data: { X: "1", Y: "9", Z: "a=b" } });
    expect(objects.find((object) => object.metadata.name === "made")?.raw).toMatchObject({
      data: { "a.txt": "text", b: "text" },
    });
    const containers = [{ image: "registry/product:7" }];
    expect(find("Deployment")).toMatchObject({ spec: { replicas: 3, template: { spec: { containers } } } });
  });

  it("removes what a patch deletes and adds components", () => {
    const { objects } = build(
      `components: [../component]
patches: [{ patch: "{ apiVersion: v1, kind: ConfigMap, metadata: { name: config }, $patch: delete }" }]`,
      {
        "component/kustomization.yaml": "kind: Component\nresources: [more.yaml]",
        "component/more.yaml": "apiVersion: v1\nkind: Secret\nmetadata: { name: more }\n",
      },
    );
    expect(objects.map((object) => object.kind)).toEqual(["Deployment", "VirtualService", "Secret"]);
  });

  it.each([
    ["namePrefix: x-", "M930", "namePrefix is not supported here", 2],
    ["patches: [{ target: { kind: Deployment, name: absent }, patch: '{ a: 1 }' }]", "M931", "patches nothing", 2],
    ["patches:\n  - patch: '[{ op: add, path: /a, value: 1 }]'", "M920", "needs a target", 3],
    ["patches:\n  - path: absent.yaml", "M920", "does not exist", 3],
    ["components: [../absent]", "M901", "has no kustomization.yaml", 1],
    ["components: [.]", "M920", "includes itself", 1],
    ["replicas:\n  - { name: absent, count: 1 }", "M920", "names no Deployment", 3],
    [
      "patches:\n  - target: { kind: Deployment }\n    patch: '[{ op: remove, path: /spec/nothing }]'",
      "M920",
      "operation 1 (remove /spec/nothing): there is no nothing",
      3,
    ],
  ])("says what is wrong with %s", (yaml, code, message, line) => {
    const { findings } = build(yaml);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code, severity: "error", line });
    expect(findings[0]?.message).toContain(message);
  });
});

describe("applyJsonPatch", () => {
  it.each([
    [{ a: { "b/c": 1 } }, [{ op: "replace", path: "/a/b~1c", value: 2 }], { a: { "b/c": 2 } }],
    [{ a: [1, 3] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2, 3] }],
    [{ a: 1 }, [{ op: "move", from: "/a", path: "/b" }], { b: 1 }],
    [
      { a: { x: 1 } },
      [
        { op: "copy", from: "/a", path: "/b" },
        { op: "replace", path: "/b/x", value: 2 },
      ],
      { a: { x: 1 }, b: { x: 2 } },
    ],
    [
      { a: { x: 1, y: 2 } },
      [
        { op: "test", path: "/a", value: { y: 2, x: 1 } },
        { op: "remove", path: "/a" },
      ],
      {},
    ],
  ])("%j with %j", (document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });
});
