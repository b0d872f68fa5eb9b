import { globSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

// What a service may answer besides OK is in its errors.ts, and each of it must be seen in a test of its system: systems.md 10.4.
const services = globSync("services/*/*/errors.ts").map(dirname).sort();

test.each(services)("every refusal of %s is named in a test", async (folder) => {
  const { refuse } = (await import(resolve(folder, "errors.ts"))) as { refuse: object };
  const system = dirname(folder);
  const files = globSync(`${system}/**/{*.test,*-cases}.ts`);
  const tests = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const reasons = Object.keys(refuse);
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons.filter((reason) => !tests.includes(`"${reason}"`))).toEqual([]);
});
