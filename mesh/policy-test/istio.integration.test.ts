import { relative } from "node:path";
import { expect, test } from "vitest";
import { findTestFiles, loadTests } from "./load-tests.ts";
import { passed } from "./result.ts";
import { runTests } from "./run-tests.ts";

// What `mesh test` runs without arguments: the tests of the policies in istio/.
const files = findTestFiles(["istio"]);

test("there are tests of policies", () => {
  expect(files.length).toBeGreaterThan(0);
});

test.each(files.map((file) => relative(".", file)))(
  "the policies pass %s",
  async (file) => {
    const loaded = loadTests([file]);
    const { results, findings } = await runTests(loaded, { policies: ["istio"] });
    expect([...loaded.findings, ...findings]).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
    const failed = results.filter((result) => !passed(result));
    expect(failed.map(({ name, failures }) => `${name}: ${failures.join("; ")}`)).toEqual([]);
  },
  600_000,
);
