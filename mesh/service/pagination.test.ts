import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { page, pageByUuid } from "./pagination.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A list of 1..count in ascending order. */
function listOf(count: number) {
  return (after: string | undefined, size: number) =>
    Promise.resolve(
      numbers(count)
        .filter((value) => value > Number(after ?? 0))
        .slice(0, size),
    );
}

const request = (pageSize: number, pageToken = "") => ({ pageSize, pageToken });

describe("page", () => {
  it("walks through everything once, whatever the page size", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(120), fc.integer({ min: 1, max: 50 }), async (count, size) => {
        const seen: number[] = [];
        let token = "";
        do {
          const { rows, nextPageToken } = await page(request(size, token), {}, listOf(count), (row) => row);
          seen.push(...rows);
          token = nextPageToken;
        } while (token !== "");
        expect(seen).toEqual(numbers(count));
      }),
    );
  });

  it.each([
    [0, 50],
    [7, 7],
    [1_000, 1_000],
    [5_000, 1_000],
  ])("gives for a page size of %i %i rows", async (size, rows) => {
    expect((await page(request(size), {}, listOf(2_000), (row) => row)).rows).toHaveLength(rows);
  });

  it("refuses a negative size", async () => {
    await expect(page(request(-1), {}, listOf(3), (row) => row)).rejects.toMatchObject({ reason: "INVALID_PAGE_SIZE" });
  });

  it("refuses tokens of another filter, corrupt ones and made-up ones", async () => {
    const { nextPageToken } = await page(request(1), { filter: ["kim"] }, listOf(3), (row) => row);
    const wrong = [
      nextPageToken,
      `${nextPageToken}x`,
      nextPageToken.slice(1),
      "abc",
      "한",
      Buffer.from("x.1").toString("base64url"),
    ];
    for (const token of wrong) {
      const walk = page(request(1, token), { filter: ["lee"] }, listOf(3), (row) => row);
      await expect(walk).rejects.toMatchObject({ reason: "INVALID_PAGE_TOKEN" });
    }
    const { rows } = await page(request(1, nextPageToken), { filter: ["kim"] }, listOf(3), (row) => row);
    expect(rows).toEqual([2]);
  });
});

describe("pageByUuid", () => {
  const ids = ["01890000-0000-7000-8000-000000000002", "01890000-0000-7000-8000-000000000001"];
  const older = async (before: string | undefined, size: number) =>
    ids.filter((id) => before === undefined || id < before).slice(0, size);

  it("walks from the newest to the oldest", async () => {
    const first = await pageByUuid(request(1), {}, older, (id) => id);
    expect(first.rows).toEqual(ids.slice(0, 1));
    expect(await pageByUuid(request(1, first.nextPageToken), {}, older, (id) => id)).toEqual({
      rows: ids.slice(1),
      nextPageToken: "",
    });
  });

  it("refuses the token of a list with other ids", async () => {
    const { nextPageToken } = await page(request(1), {}, listOf(3), (row) => row);
    const walk = pageByUuid(request(1, nextPageToken), {}, older, (id) => id);
    await expect(walk).rejects.toMatchObject({ reason: "INVALID_PAGE_TOKEN" });
  });
});
