import type { SQLInputValue } from "node:sqlite";
import { type ArgType, type ColumnType, ColumnTypeEnum, type SqlResultSet } from "@prisma/driver-adapter-utils";
import type { SqliteResult, SqliteRow } from "./sqlite-file.ts";

/** A parameter as Prisma hands it, in SQLite's types: numbers, text, bytes. Times are ISO 8601 text, which sorts as it should. */
export function toSqlite(
  value: unknown,
  { scalarType }: ArgType = { scalarType: "unknown", arity: "scalar" },
): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return value;
  switch (typeof value) {
    case "boolean":
      return value ? 1n : 0n;
    case "bigint":
      return value;
    case "number":
      return scalarType !== "float" && Number.isSafeInteger(value) ? BigInt(value) : value;
    case "string":
      return textToSqlite(value, scalarType);
    default:
      throw new TypeError(`SQLite has no type for ${typeof value}`);
  }
}

function textToSqlite(text: string, scalarType: ArgType["scalarType"]): SQLInputValue {
  if (scalarType === "datetime") return new Date(text).toISOString();
  if (scalarType === "bigint" || scalarType === "int") return BigInt(text);
  if (scalarType === "bytes") return Buffer.from(text, "base64");
  return text;
}

/** Declared types, of which SQLite itself takes note only in part: https://www.sqlite.org/datatype3.html */
const declared: Readonly<Record<string, ColumnType>> = {
  INTEGER: ColumnTypeEnum.Int64,
  BIGINT: ColumnTypeEnum.Int64,
  TEXT: ColumnTypeEnum.Text,
  DATETIME: ColumnTypeEnum.DateTime,
  BOOLEAN: ColumnTypeEnum.Boolean,
  BLOB: ColumnTypeEnum.Bytes,
  REAL: ColumnTypeEnum.Double,
};

/** A result as Prisma reads it. What is computed, a count for example, has no declared type. */
export function toResultSet({ columns, rows }: SqliteResult): SqlResultSet {
  const columnTypes = columns.map(({ type }, index) => declared[(type ?? "").toUpperCase()] ?? typeOf(rows, index));
  return {
    columnNames: columns.map(({ name }) => name),
    columnTypes,
    rows: rows.map((row) => row.map((value, index) => fromSqlite(value, columnTypes[index]))),
  };
}

function typeOf(rows: readonly SqliteRow[], index: number): ColumnType {
  const value = rows.map((row) => row[index]).find((each) => each !== null);
  if (typeof value === "bigint") return ColumnTypeEnum.Int64;
  if (typeof value === "number") return ColumnTypeEnum.Double;
  return value instanceof Uint8Array ? ColumnTypeEnum.Bytes : ColumnTypeEnum.Text;
}

function fromSqlite(value: unknown, type: ColumnType | undefined): unknown {
  if (typeof value !== "bigint") return value;
  return type === ColumnTypeEnum.Boolean ? value !== 0n : String(value);
}
