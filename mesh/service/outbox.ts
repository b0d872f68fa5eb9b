import type { Context, IdempotencyKey } from "./call.ts";
import type { EventType } from "./event.ts";
import { sqlStateOf } from "./storage-failure.ts";
import { formatTraceparent } from "./trace-context.ts";
import type { About } from "./transaction.ts";
import type { Statement } from "./unit-of-work.ts";
import { uuidv7 } from "./uuid.ts";

/** An event on its way into the outbox, in the order of the columns. */
export type OutboxRow = readonly unknown[];

/** The columns of an OutboxRow. */
export const outboxColumns = [
  ...["event_id", "subject", "type", "source", "time", "aggregate_id", "aggregate_version", "correlation_id"],
  ...["causation_id", "traceparent", "payload"],
];
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

/** What a transaction leaves for the run time in PostgreSQL: its answer, and its events. */
export function statementsOf(events: readonly OutboxRow[], answer?: AnswerRow): Statement[] {
  const statements: Statement[] = [];
  if (answer) {
    const { method, requestId, fingerprint } = answer.key;
    statements.push({
      name: "mesh-answer",
      text: insertAnswer,
      values: [method, requestId, fingerprint, answer.response],
    });
  }
  if (events.length > 0) {
    statements.push({ name: `mesh-events-${events.length}`, text: insertEvents(events.length), values: events.flat() });
  }
  return statements;
}

/**
 * Whether a commit failed because someone else's transaction has answered the same request_id: the insert waits for one that is about to, and fails
 * once that has committed.
 */
export function isAnswered(failure: unknown): boolean {
  return sqlStateOf(failure) === "23505" && (failure as { constraint?: unknown }).constraint === "answers_pkey";
}

const insertAnswer =
  "INSERT INTO mesh.answers (method, request_id, fingerprint, response) VALUES ($1, $2::uuid, $3, $4)";

const inserts = new Map<number, string>();

function insertEvents(count: number): string {
  const known = inserts.get(count);
  if (known) return known;
  const rows = Array.from({ length: count }, (_, row) => {
    return `(${types.map((type, column) => `$${row * types.length + column + 1}::${type}`).join(", ")})`;
  });
  const sql = `INSERT INTO mesh.outbox (${outboxColumns.join(", ")}) VALUES ${rows.join(", ")}`;
  inserts.set(count, sql);
  return sql;
}
