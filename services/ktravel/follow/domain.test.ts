import { describe, expect, it } from "vitest";
import { begin, end, idOf, refuseSelf } from "./domain.ts";

const pair = { followerId: "a", followeeId: "b" };
const now = new Date("2026-05-01T00:00:00Z");
const following = { ...pair, following: true, version: 3n, followedAt: new Date(0) };
const over = { ...following, following: false, version: 4n };

describe("a pair", () => {
  it("begins with version 1, and goes on counting", () => {
    expect(begin(undefined, pair, now)).toEqual({ ...pair, following: true, version: 1n, followedAt: now });
    expect(begin(over, pair, now)).toEqual({ ...pair, following: true, version: 5n, followedAt: now });
  });

  it("ends with a version of its own", () => {
    expect(end(following, pair)).toEqual({ ...following, following: false, version: 4n });
  });

  it("neither begins nor ends twice", () => {
    expect(() => begin(following, pair, now)).toThrow(expect.objectContaining({ reason: "ALREADY_FOLLOWING" }));
    for (const found of [over, undefined]) {
      expect(() => end(found, pair)).toThrow(expect.objectContaining({ reason: "NOT_FOLLOWING" }));
    }
  });

  it("is of two", () => {
    expect(() => refuseSelf(pair)).not.toThrow();
    expect(() => refuseSelf({ followerId: "a", followeeId: "a" })).toThrow(
      expect.objectContaining({ reason: "CANNOT_FOLLOW_SELF" }),
    );
    expect(idOf(pair)).toBe("a:b");
  });
});
