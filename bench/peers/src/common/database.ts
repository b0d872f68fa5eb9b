import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";

const names = new Map<string, string>();

/** The connections of this process, DATABASE_POOL of them (default 4). */
export const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: Number(process.env["DATABASE_POOL"] ?? 4),
  connectionTimeoutMillis: 5_000,
});

/** Prisma's driver adapter, with prepared statements: Prisma's SQL is the same text each time. */
export function adapter(): PrismaPg {
  return new PrismaPg(pool, { statementNameGenerator: ({ sql }) => statementName(sql) });
}

export const transactionLimits = { maxWait: 60_000, timeout: 60_000 };

/** Prisma's names for a unique index that is taken and for a transaction that lost against another. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === "P2002";
}

export function isConflict(error: unknown): boolean {
  return codeOf(error) === "P2034";
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function statementName(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `p${names.size}`;
  names.set(sql, name);
  return name;
}
