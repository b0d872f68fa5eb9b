import { createHash } from "node:crypto";
import { invalidRequest } from "./errors.ts";

const defaultSize = 50;
const maxSize = 1000;
const maxId = 2n ** 63n - 1n;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface Page<Row> {
  readonly rows: Row[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface PageOptions {
  /** What the list is filtered by; a token of another filter is refused. Default: nothing. */
  readonly filter?: readonly (string | number | bigint)[];
}

/**
 * One page of a list (AIP-158): 50 rows by default, 1000 at most, an opaque token.
 *
 * @param query the rows after the key `after` (undefined: from the start), `size` at most; asked for one row more than the page
 * @param keyOf the key of a row, in the order of the list
 * @throws ServiceError INVALID_PAGE_SIZE, INVALID_PAGE_TOKEN
 */
export async function page<Row>(
  request: PageRequest,
  options: PageOptions,
  query: (after: string | undefined, size: number) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string | number | bigint,
): Promise<Page<Row>> {
  const size = sizeOf(request.pageSize);
  const filter = options.filter ?? [];
  const after = request.pageToken === "" ? undefined : parseToken(request.pageToken, filter);
  const found = await query(after, size + 1);
  const rows = found.slice(0, size);
  const last = rows.at(-1);
  const more = found.length > size && last !== undefined;
  return { rows, nextPageToken: more ? formatToken(String(keyOf(last)), filter) : "" };
}

type Filter = readonly (string | number | bigint)[];

/**
 * One page of a list that is ordered by an int64 id, newest first.
 *
 * @param query the rows with an id below `before` (undefined: from the newest), `size` at most
 * @throws ServiceError INVALID_PAGE_SIZE, INVALID_PAGE_TOKEN
 */
export async function pageById<Row>(
  request: PageRequest,
  options: PageOptions,
  query: (before: bigint | undefined, size: number) => Promise<readonly Row[]>,
  idOf: (row: Row) => bigint,
): Promise<Page<Row>> {
  return page(request, options, (after, size) => query(after === undefined ? undefined : parseId(after), size), idOf);
}

/**
 * One page of a list that is ordered by ids that are UUIDs of version 7, newest first.
 *
 * @param query the rows with an id below `before` (undefined: from the newest), `size` at most
 * @throws ServiceError INVALID_PAGE_SIZE, INVALID_PAGE_TOKEN
 */
export async function pageByUuid<Row>(
  request: PageRequest,
  options: PageOptions,
  query: (before: string | undefined, size: number) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
): Promise<Page<Row>> {
  return page(request, options, (after, size) => query(after === undefined ? undefined : parseUuid(after), size), idOf);
}

function parseUuid(text: string): string {
  if (!uuid.test(text)) throw foreignToken();
  return text;
}

function parseId(text: string): bigint {
  const id = /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
  if (id < 1n || id > maxId) throw foreignToken();
  return id;
}

function sizeOf(asked: number): number {
  if (asked < 0) throw refused("page_size", "INVALID_PAGE_SIZE", "must not be negative");
  return asked === 0 ? defaultSize : Math.min(asked, maxSize);
}

function formatToken(key: string, filter: Filter): string {
  return Buffer.from(`${fingerprintOf(key, filter)}.${key}`).toString("base64url");
}

function parseToken(token: string, filter: Filter): string {
  const text = Buffer.from(token, "base64url").toString();
  const key = text.slice(text.indexOf(".") + 1);
  if (formatToken(key, filter) !== token) {
    throw foreignToken();
  }
  return key;
}

/** Tells lists apart and finds corruption; it is no secret. */
function fingerprintOf(key: string, filter: Filter): string {
  const text = JSON.stringify([key, ...filter.map((value) => [typeof value, String(value)])]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 8);
}

function foreignToken() {
  return refused("page_token", "INVALID_PAGE_TOKEN", "is not a token of this list; start again without one");
}

function refused(field: string, reason: string, description: string) {
  return invalidRequest([{ field, reason, description }]);
}
