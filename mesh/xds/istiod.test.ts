import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { loadFiles } from "#mesh/istio/load.ts";
import { compileProxy } from "./compile.ts";
import { buildMesh } from "./mesh.ts";
import type { Proxy } from "./proxy.ts";

/** What istiod 1.29.1 pushes for inputs, and the script that compares: kept beside the repository, as it is large. */
const recorded = join(import.meta.dirname, "../../../shared/istiod");
const cases = join(recorded, "cases");
const present = existsSync(join(recorded, "compare.mjs"));

type Differences = Record<"routes" | "clusters" | "endpoints" | "listeners", string[]>;

describe.skipIf(!present)(
  `agrees with istiod (${present ? "recorded cases" : "skipped: no ../shared/istiod beside the repository"})`,
  () => {
    it.each(present ? readdirSync(cases) : [])("%s", async (name) => {
      const { compare } = (await import(pathToFileURL(join(recorded, "compare.mjs")).href)) as {
        compare(golden: unknown, actual: unknown): Differences;
      };
      const { mesh } = buildMesh(loadFiles([join(cases, name, "input.yaml")]).objects);
      for (const proxy of JSON.parse(readFileSync(join(cases, name, "proxies.json"), "utf8")) as Proxy[]) {
        const golden: unknown = JSON.parse(readFileSync(join(cases, name, "golden", `${proxy.name}.json`), "utf8"));
        const { findings: _, ...actual } = compileProxy(mesh, proxy);
        const differences = compare(golden, JSON.parse(JSON.stringify(actual)));
        expect(differences, proxy.name).toEqual({ routes: [], clusters: [], endpoints: [], listeners: [] });
      }
    });
  },
);
