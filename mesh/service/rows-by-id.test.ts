import { expect, test } from "vitest";
import { RowsById } from "./rows-by-id.ts";

function rowsOf(...ids: bigint[]): RowsById<string> {
  const rows = new RowsById<string>();
  for (const id of ids) rows.set(id, `row ${id}`, 1);
  return rows;
}

test.each([
  [undefined, 2, ["row 9", "row 7"]],
  [9n, 2, ["row 7", "row 3"]],
  [8n, 2, ["row 7", "row 3"]],
  [3n, 2, ["row 1"]],
  [1n, 2, []],
  [100n, 9, ["row 9", "row 7", "row 3", "row 1"]],
])("pages from the highest id below %s, whatever order rows came in", (before, take, expected) => {
  expect(rowsOf(7n, 1n, 9n, 3n).page(before, take, () => true)).toEqual(expected);
});

test("pages what matches alone", () => {
  expect(rowsOf(1n, 2n, 3n, 4n).page(undefined, 2, (row) => row !== "row 3")).toEqual(["row 4", "row 2"]);
});

test("never takes an older revision for a newer one", () => {
  const rows = new RowsById<string>();
  rows.set(1n, "new", 5);
  rows.set(1n, "old", 4);
  expect(rows.get(1n)).toBe("new");
  rows.set(1n, "newer", 6);
  expect(rows.page(undefined, 9, () => true)).toEqual(["newer"]);
});

test("is empty after clear", () => {
  const rows = rowsOf(1n, 2n);
  rows.clear();
  expect(rows.page(undefined, 9, () => true)).toEqual([]);
});
