import { expect, test } from "vitest";
import { enumColumn } from "./enum-column.ts";

const Status = { STATUS_UNSPECIFIED: 0, STATUS_HELD: 1, STATUS_SOLD_OUT: 2, UNRECOGNIZED: -1 } as const;
const status = enumColumn(Status, "STATUS");

test.each([
  [Status.STATUS_HELD, "HELD"],
  [Status.STATUS_SOLD_OUT, "SOLD_OUT"],
] as const)("translates %s to %s and back", (value, name) => {
  expect(status.toColumn(value)).toBe(name);
  expect(status.fromColumn(name)).toBe(value);
});

test.each([Status.STATUS_UNSPECIFIED, Status.UNRECOGNIZED])("refuses %s, which no row may have", (value) => {
  expect(() => status.toColumn(value)).toThrow("STATUS has no value");
});
