import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildKustomization } from "#mesh/local/kustomize/build.ts";
import { readWorkloads } from "#mesh/local/workloads/read-workloads.ts";

const overlays = globSync("services/*/overlays/*/").sort();

test("there are overlays", () => {
  expect(overlays.length).toBeGreaterThan(0);
});

test.each(overlays)("%s changes what runs, or how it is called, and all of it is understood", (folder) => {
  const { objects, findings } = buildKustomization(folder);
  expect([...findings, ...readWorkloads(objects).findings]).toEqual([]);
  const contentOf = (built: typeof objects) => built.map(({ raw }) => JSON.stringify(raw)).sort();
  expect(contentOf(objects)).not.toEqual(contentOf(buildKustomization(join(folder, "../..")).objects));
});

test("T-8: the replicas of tword's shop have one folder between them", () => {
  const { objects } = buildKustomization("services/tword/overlays/shared-files");
  const shop = readWorkloads(objects).workloads.find(({ name }) => name === "shop");
  expect(shop).toMatchObject({
    container: { mounts: [{ claim: "shared-files", mountPath: "/mnt/aws" }] },
  });
});
