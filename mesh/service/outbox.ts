import type { Context, IdempotencyKey } from "./call.ts";
import type { EventType } from "./event.ts";
import { formatTraceparent } from "./trace-context.ts";
import type { About } from "./transaction.ts";
import { uuidv7 } from "./uuid.ts";

/** A transaction that takes SQL: Prisma's, or one of the same form. */
export interface SqlTransaction {
  /** @returns how many rows were changed */
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
}

/** An event on its way into the outbox, in the order of the columns. */
export type OutboxRow = readonly unknown[];

const columns =
  "event_id, subject, type, source, time, aggregate_id, aggregate_version, correlation_id, causation_id, traceparent, payload";
const types = ["uuid", "text", "text", "text", "timestamptz", "text", "bigint", "text", "text", "text", "text"];

/** @param source `order.siren` */
export function outboxRow<Message>(
  event: EventType<Message>,
  message: Message,
  about: About,
  { context, source }: { context: Context; source: string },
): OutboxRow {
  const aggregateId = String(about.aggregateId);
  const correlationId = about.correlationId ?? context.correlationId ?? aggregateId;
  return [
    uuidv7(),
    `${event.service}.${event.name}`,
    event.type,
    source,
    new Date().toISOString(),
    aggregateId,
    String(about.aggregateVersion),
    String(correlationId),
    context.causationId ?? null,
    formatTraceparent(context.trace),
    JSON.stringify(event.codec.toJSON(message)),
  ];
}

/** An answer to be kept with the transaction that makes it. */
export interface AnswerRow {
  readonly key: IdempotencyKey;
  readonly response: Buffer;
}

/** Someone else's transaction has answered the same request_id; this one must roll back. */
export class AlreadyAnswered extends Error {}

/**
 * Writes what a transaction leaves for the run time, in one statement: its events, and its answer.
 *
 * @throws AlreadyAnswered when the request was answered meanwhile; waits for a transaction that is about to
 */
export async function flush(tx: SqlTransaction, events: readonly OutboxRow[], answer?: AnswerRow): Promise<void> {
  if (answer) {
    const { method, requestId, fingerprint } = answer.key;
    const written = await tx.$executeRawUnsafe(insertAnswer, method, requestId, fingerprint, answer.response);
    if (written === 0) throw new AlreadyAnswered();
  }
  if (events.length > 0) await tx.$executeRawUnsafe(insertEvents(events.length), ...events.flat());
}

const insertAnswer =
  "INSERT INTO mesh.answers (method, request_id, fingerprint, response) VALUES ($1, $2::uuid, $3, $4) ON CONFLICT DO NOTHING";

const statements = new Map<number, string>();

function insertEvents(count: number): string {
  const known = statements.get(count);
  if (known) return known;
  const rows = Array.from({ length: count }, (_, row) => {
    return `(${types.map((type, column) => `$${row * types.length + column + 1}::${type}`).join(", ")})`;
  });
  const sql = `INSERT INTO mesh.outbox (${columns}) VALUES ${rows.join(", ")}`;
  statements.set(count, sql);
  return sql;
}
