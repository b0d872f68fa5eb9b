import { describe, expect, it } from "vitest";
import { hashSecret, hashSubject, randomSecret, Sealer } from "./sealer.ts";

const old = "the key of last year";
const current = "the key of this year";

describe("what is sealed", () => {
  const sealer = new Sealer([current, old]);

  it.each(["", "a@example.com", "가나다@예시.한국", "x".repeat(10_000)])("opens again: %.20s", (text) => {
    expect(sealer.open(sealer.seal(text, "email of m"), "email of m")).toBe(text);
  });

  it("is different each time, and shows nothing of the text", () => {
    const [one, two] = [sealer.seal("a@example.com", "email of m"), sealer.seal("a@example.com", "email of m")];
    expect(Buffer.from(one).equals(two)).toBe(false);
    expect(Buffer.from(one).toString("latin1")).not.toContain("example");
  });

  it("opens for its purpose only", () => {
    const sealed = sealer.seal("a@example.com", "email of m");
    expect(() => sealer.open(sealed, "email of n")).toThrow();
  });

  it("does not open when a bit was changed, wherever", () => {
    const sealed = sealer.seal("a@example.com", "email of m");
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ 1 : byte));
      expect(() => sealer.open(changed, "email of m")).toThrow();
    }
    expect(() => sealer.open(sealed.slice(0, 10), "email of m")).toThrow();
  });

  it("with the key before opens while that is kept, and is sealed with the new one", () => {
    const before = new Sealer([old]).seal("a@example.com", "email of m");
    expect(sealer.open(before, "email of m")).toBe("a@example.com");
    expect(() => new Sealer([current]).open(before, "email of m")).toThrow(/key that is not here/);
    expect(() => new Sealer([old]).open(sealer.seal("x", "p"), "p")).toThrow(/key that is not here/);
  });

  it("needs a key worth the name", () => {
    expect(() => new Sealer([])).toThrow(/no encryption key/);
    expect(() => new Sealer(["short"])).toThrow(/16 characters/);
  });
});

describe("a person", () => {
  it("is found by provider and id, with the same key", () => {
    const hash = (key: string, provider: number, subject: string) =>
      Buffer.from(hashSubject(key, provider, subject)).toString("hex");
    const mine = hash(current, 1, "117");
    expect(hash(current, 1, "117")).toBe(mine);
    expect(new Set([mine, hash(current, 2, "117"), hash(current, 1, "118"), hash(old, 1, "117")]).size).toBe(4);
  });
});

it("secrets are long, and their hashes are not the secrets", () => {
  const secrets = Array.from({ length: 100 }, randomSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) {
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(hashSecret(secret)).toHaveLength(32);
  }
});
