import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { BundleError } from "./bundle-build.ts";
import { Bundler } from "./bundler.ts";

const folder = mkdtempSync(join(tmpdir(), "mesh-bundle-"));
const entry = join(folder, "services", "a", "main.ts");
afterAll(() => rmSync(folder, { recursive: true }));
let written = Date.now() - 3_600_000;

mkdirSync(join(folder, "services", "a", "migrations", "0001"), { recursive: true });
write("services/a/migrations/0001/migration.sql", "SELECT 1;");
write("services/a/greeting.ts", 'export const greeting: string = "one";');
write("services/a/main.ts", 'import { greeting } from "./greeting.ts"; console.log(greeting);');

function write(path: string, text: string): string {
  const file = join(folder, path);
  writeFileSync(file, text);
  // As if long ago, because files that change during a build are never trusted; and each time at another second.
  written += 1_000;
  utimesSync(file, new Date(0), new Date(written));
  return file;
}

const run = (main: string) => execFileSync(process.execPath, [main], { encoding: "utf8" }).trim();

it("bundles once, and again when a source or a migration changes", async () => {
  const bundler = new Bundler(folder, join(folder, "bundles"));
  const first = await bundler.bundle("x/a", entry);
  expect(run(first.main)).toBe("one");
  expect(existsSync(join(dirname(first.main), "migrations", "0001", "migration.sql"))).toBe(true);
  expect(await bundler.bundle("x/a", entry)).toEqual(first);

  const source = write("services/a/greeting.ts", 'export const greeting: string = "two";');
  expect(bundler.changed(join(folder, "services/a/unrelated.ts"))).toBe(false);
  expect(bundler.changed(source)).toBe(true);
  const second = await bundler.bundle("x/a", entry);
  expect(run(second.main)).toBe("two");

  expect(bundler.changed(write("services/a/migrations/0001/migration.sql", "SELECT 2;"))).toBe(true);
  expect((await bundler.bundle("x/a", entry)).hash).not.toBe(second.hash);
});

it("is not built again by the next mesh when nothing has changed", async () => {
  const notes: string[] = [];
  const next = () => new Bundler(folder, join(folder, "bundles"), (text) => notes.push(text)).bundle("x/a", entry);
  const first = await next();
  expect(await next()).toEqual(first);
  // The same content with another time, as after a checkout.
  write("services/a/greeting.ts", 'export const greeting: string = "two";');
  expect(await next()).toEqual(first);
  expect(notes).toEqual([]);
});

it("builds several at once, and a broken one does not take the others with it", async () => {
  mkdirSync(join(folder, "services", "b"));
  const other = write("services/b/main.ts", 'console.log("b");');
  const broken = write("services/b/broken.ts", "const = 1;");
  const bundler = new Bundler(folder, join(folder, "bundles-of-several"));
  const [a, b, c] = await Promise.allSettled(
    [entry, other, broken].map((file, index) => bundler.bundle(`x/${index}`, file)),
  );
  expect(a?.status === "fulfilled" && run(a.value.main)).toBe("two");
  expect(b?.status === "fulfilled" && run(b.value.main)).toBe("b");
  expect(c).toMatchObject({ status: "rejected", reason: expect.any(BundleError) });
});

it("says where a source is broken", async () => {
  const bundler = new Bundler(folder, join(folder, "bundles"));
  write("services/a/greeting.ts", "export const greeting = ;");
  const failure = await bundler.bundle("x/a", entry).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BundleError);
  expect(bundler.changed(write("services/a/another.ts", ""))).toBe(true);
  expect((failure as BundleError).findings).toMatchObject([{ file: "services/a/greeting.ts", line: 1, column: 25 }]);
});
