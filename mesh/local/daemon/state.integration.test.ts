import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Addresses } from "./addresses.ts";
import { readLock, releaseLock, takeLock } from "./lock.ts";
import { startAnew } from "./log-rotation.ts";
import { Secrets } from "./secrets.ts";
import { makeState, stateAt } from "./state.ts";

const folder = mkdtempSync(join(tmpdir(), "mesh-state-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a state", () => {
  it("has sockets that fit, however deep it lies", () => {
    const deep = join(folder, ..."abcdefghij".split("").map((letter) => letter.repeat(20)));
    const state = stateAt(deep);
    makeState(state);
    expect(Buffer.byteLength(join(state.run, "p12345-out.sock"))).toBeLessThan(104);
    expect(statSync(state.run).mode & 0o777).toBe(0o700);
    rmSync(state.run, { recursive: true });
  });

  it("is the same through a link, and another one elsewhere", () => {
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    expect(stateAt(join(folder, "link", "s")).id).toBe(stateAt(join(folder, "real", "s")).id);
    expect(stateAt(join(folder, "real", "t")).id).not.toBe(stateAt(join(folder, "real", "s")).id);
  });
});

describe("the lock", () => {
  const file = join(folder, "daemon.json");

  it("is taken once and given back", () => {
    expect(takeLock(file, 8080)).toBe(true);
    expect(takeLock(file, 8080)).toBe(false);
    expect(readLock(file)).toMatchObject({ pid: process.pid, gatewayPort: 8080 });
    releaseLock(file);
    expect(readLock(file)).toBeUndefined();
  });

  it.each([
    [
      "of a pid that lives but started at another time",
      JSON.stringify({ pid: 1, startTime: "another", gatewayPort: 1 }),
    ],
    ["of a pid that is gone", JSON.stringify({ pid: 2 ** 22 + 1, startTime: "x", gatewayPort: 1 })],
    ["cut off by a kill", '{"pid": 1'],
  ])("%s is taken over", (_name, text) => {
    writeFileSync(file, text);
    expect(readLock(file)).toBeUndefined();
    expect(takeLock(file, 8080)).toBe(true);
    releaseLock(file);
  });
});

describe("addresses", () => {
  it("of two meshes with the same seed differ", async () => {
    const one = await Addresses.claim("0123456789ab");
    const two = await Addresses.claim("0123456789ab");
    expect(one.network).not.toBe(two.network);
    expect(one.take()).toMatch(/^127\.\d+\.0\.2$/);
    expect(new Set([one.take(), one.take(), two.take(), two.take()]).size).toBe(4);
    await one.close();
    await two.close();
  });

  it("rest after they were given back", async () => {
    const addresses = await Addresses.claim("00000000000f");
    const first = addresses.take();
    addresses.giveBack(first);
    expect(addresses.take()).not.toBe(first);
    await addresses.close();
  });
});

it("secrets are made once and only their owner reads them", () => {
  const file = join(folder, "secrets.json");
  const value = new Secrets(file).value("siren", "postgres", "password");
  expect(value).toMatch(/^[\w-]{32}$/);
  expect(new Secrets(file).value("siren", "postgres", "password")).toBe(value);
  expect(new Secrets(file).value("siren", "postgres", "other")).not.toBe(value);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("a log that is too long starts anew, its content beside it", () => {
  const file = join(folder, "a.log");
  writeFileSync(file, "old");
  startAnew(file);
  writeFileSync(file, "new", { flag: "a" });
  expect([readFileSync(file, "utf8"), readFileSync(`${file}.1`, "utf8")]).toEqual(["new", "old"]);
});
