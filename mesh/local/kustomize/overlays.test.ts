import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildKustomization } from "./build.ts";

const repository = join(import.meta.dirname, "../../..");
const overlays = globSync("services/*/overlays/*", { cwd: repository }).sort();

describe("the overlays of the demonstrations", () => {
  it.each(overlays)("%s is built without a finding, and changes something", (overlay) => {
    const { objects, findings } = buildKustomization(join(repository, overlay));
    expect(findings).toEqual([]);
    const base = buildKustomization(join(repository, overlay, "../.."));
    const contentsOf = (built: typeof base) => built.objects.map(({ raw }) => raw);
    expect(contentsOf({ ...base, objects })).not.toEqual(contentsOf(base));
  });
});
