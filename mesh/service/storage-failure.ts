/** Node's and libuv's words for a peer that is not there. */
const network = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EAI_AGAIN",
]);
/** https://www.prisma.io/docs/orm/reference/error-reference: server not reachable, timed out, closed; no connection, no transaction in time. */
const prisma = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2037"]);
/** What drivers say without a code. */
const sentences =
  /connection terminated|connection ended|timeout exceeded when trying to connect|client has encountered a connection error|client was closed|server closed the connection/i;
/** Prisma's driver adapters: https://github.com/prisma/prisma, packages/driver-adapter-utils */
const kinds = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "TooManyConnections",
  "SocketTimeout",
  "TransactionAlreadyClosed",
]);

/** Thrown by a store that knows that what it keeps its rows in cannot be reached. */
export class StorageAway extends Error {}

/**
 * Whether an error says that our own database cannot be reached: then the caller gets STORAGE_UNAVAILABLE, and a consumer waits instead of
 * counting a failed delivery.
 */
export function isStorageDown(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 5) return false;
  if (error instanceof StorageAway) return true;
  const { code, cause, message, meta, kind, errors } = error as Record<string, unknown>;
  if (typeof code === "string" && (network.has(code) || prisma.has(code) || isServerAway(code))) return true;
  if (typeof kind === "string" && kinds.has(kind)) return true;
  if (isSqliteAway(sqliteCodeOf(error) ?? 0)) return true;
  if (typeof message === "string" && sentences.test(message)) return true;
  if (Array.isArray(errors) && errors.some((inner) => isStorageDown(inner, depth + 1))) return true;
  const { driverAdapterError, code: raw } = (meta ?? {}) as Record<string, unknown>;
  if (typeof raw === "string" && isServerAway(raw)) return true;
  return isStorageDown(cause, depth + 1) || isStorageDown(driverAdapterError, depth + 1);
}

/** The extended result code of an error of node:sqlite; undefined when it is none. https://www.sqlite.org/rescode.html */
export function sqliteCodeOf(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode : undefined;
}

/** Whether somebody else holds a lock of the file: SQLITE_BUSY. */
export function isSqliteBusy(error: unknown): boolean {
  return ((sqliteCodeOf(error) ?? 0) & 0xff) === 5;
}

/** Locked by another process, read only, failing disk, full disk, cannot be opened: BUSY, READONLY, IOERR, FULL, CANTOPEN. */
export function isSqliteAway(code: number): boolean {
  return [5, 8, 10, 13, 14].includes(code & 0xff);
}

/** Whether a transaction lost against another one and may run again: serialisation failure, deadlock. */
export function isConflict(error: unknown): boolean {
  const code = sqlStateOf(error);
  if (code === "40001" || code === "40P01") return true;
  return (error as { code?: unknown } | null)?.code === "P2034"; // Prisma's name for both.
}

/** PostgreSQL's SQLSTATE wherever the layers have put it; undefined when there is none. https://www.postgresql.org/docs/18/errcodes-appendix.html */
export function sqlStateOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== "object" || error === null || depth > 5) return undefined;
  const { code, originalCode, cause, meta } = error as Record<string, unknown>;
  for (const candidate of [originalCode, code]) {
    if (typeof candidate === "string" && /^[0-9A-Z]{5}$/.test(candidate) && !candidate.startsWith("P"))
      return candidate;
  }
  const { driverAdapterError, code: raw } = (meta ?? {}) as Record<string, unknown>;
  if (typeof raw === "string" && /^[0-9A-Z]{5}$/.test(raw)) return raw;
  return sqlStateOf(cause, depth + 1) ?? sqlStateOf(driverAdapterError, depth + 1);
}

/** Class 08 connection exceptions, 57P0x shutdown and start-up, 53300 too many connections. */
function isServerAway(code: string): boolean {
  return /^08...$/.test(code) || /^57P0[123]$/.test(code) || code === "53300";
}
