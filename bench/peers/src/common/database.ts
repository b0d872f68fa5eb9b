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

/** Prisma's name for a unique index that is taken. */
export function isTaken(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "P2002";
}

function statementName(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `p${names.size}`;
  names.set(sql, name);
  return name;
}
