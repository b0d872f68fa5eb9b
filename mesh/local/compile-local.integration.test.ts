import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { loadFiles } from "#mesh/istio/load.ts";
import { locate } from "./binaries.ts";
import { compileLocally } from "./compile-local.ts";

const repository = join(import.meta.dirname, "..", "..");
const cases = join(repository, "..", "shared", "istiod", "cases");
const folder = mkdtempSync(join(tmpdir(), "mesh-compile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function validate(paths: string[]) {
  const loaded = loadFiles(paths);
  const { bootstrap, findings } = await compileLocally(loaded.objects);
  const file = join(folder, "envoy.json");
  writeFileSync(file, JSON.stringify(bootstrap));
  const envoy = promisify(execFile)(await locate("envoy"), ["--mode", "validate", "-c", file, "-l", "error"]);
  const refused = await envoy.then(
    () => "",
    (error: { stderr: string }) => error.stderr,
  );
  return { refused, errors: findings.filter(({ severity }) => severity === "error") };
}

describe("mesh compile --local", () => {
  it("makes of this repository's own files what Envoy accepts", async () => {
    const { refused, errors } = await validate([join(repository, "istio"), join(repository, "services")]);
    expect({ refused, errors }).toEqual({ refused: "", errors: [] });
  });

  const known = existsSync(cases) ? readdirSync(cases).sort() : [];
  it.each(known.filter((name) => name !== "ef-transcoder"))("makes of %s what Envoy accepts", async (name) => {
    expect((await validate([join(cases, name, "input.yaml")])).refused).toBe("");
  });

  it.runIf(known.includes("ef-transcoder"))("finds a transcoder without descriptors before Envoy does", async () => {
    const { refused, errors } = await validate([join(cases, "ef-transcoder", "input.yaml")]);
    expect(refused).not.toBe("");
    expect(errors).toMatchObject([{ code: "M911", message: expect.stringContaining("siren.order.v1.OrderService") }]);
    expect(errors[0]?.line).toBeGreaterThan(1);
  });
});
