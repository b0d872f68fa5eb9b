import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RepositoryWatch } from "./watch.ts";

const before = process.cwd();
let folder = "";
let seen: string[] = [];
let watch: RepositoryWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-watch-"));
  for (const path of ["istio/siren", "services/siren/product", "overlay"])
    mkdirSync(join(folder, path), { recursive: true });
  process.chdir(folder);
  seen = [];
  watch = new RepositoryWatch(["overlay"], {
    onConfiguration: () => seen.push("configuration"),
    onSource: (file) => seen.push(file.slice(process.cwd().length + 1)),
  });
});

afterEach(() => {
  watch.close();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

async function next(): Promise<string> {
  for (let n = 0; n < 200 && seen.length === 0; n++) await sleep(10);
  await sleep(40);
  const result = seen.join();
  seen = [];
  return result;
}

it("tells configuration from sources, also in folders that come later", async () => {
  writeFileSync("istio/siren/a.yaml", "a");
  expect(await next()).toBe("configuration");
  writeFileSync("services/siren/product/main.ts", "a");
  expect(await next()).toBe("services/siren/product/main.ts");
  writeFileSync("overlay/kustomization.yaml", "a");
  expect(await next()).toBe("configuration");
  mkdirSync("services/siren/new");
  await next();
  writeFileSync("services/siren/new/k8s.yaml", "a");
  expect(await next()).toBe("configuration");
});

it("misses none of many quick changes and tells several at once as one", async () => {
  for (let n = 0; n < 20; n++) {
    writeFileSync("istio/siren/a.yaml", `a: ${n}`);
    expect(await next()).toBe("configuration");
  }
  for (let n = 0; n < 5; n++) writeFileSync(`istio/siren/${n}.yaml`, "a");
  expect(await next()).toBe("configuration");
});

it("sees a file that takes another one's place, and leaves tests and notes alone", async () => {
  writeFileSync("istio/siren/a.yaml.new", "a");
  await next();
  renameSync("istio/siren/a.yaml.new", "istio/siren/a.yaml");
  expect(await next()).toContain("configuration");
  writeFileSync("services/siren/product/domain.test.ts", "a");
  writeFileSync("services/siren/README.md", "a");
  await sleep(60);
  expect(seen).toEqual([]);
});
