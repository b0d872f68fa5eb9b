import type pg from "pg";

const hourMs = 60 * 60 * 1000;

export interface Retention {
  /** Sent outbox rows and inbox rows; 0: for ever. Inbox ids must outlive the stream (7 days), or a rebuilt stream is applied twice. */
  readonly eventDays: number;
  /** Answers to requests with a request_id; at least 24. */
  readonly answerHours: number;
}

/** Deletes what is older than its retention. @returns how many rows */
export async function purge(pool: pg.Pool, retention: Retention): Promise<number> {
  const answers = await pool.query("DELETE FROM mesh.answers WHERE created_at < now() - make_interval(hours => $1)", [
    retention.answerHours,
  ]);
  let deleted = answers.rowCount ?? 0;
  if (retention.eventDays === 0) return deleted;
  const inbox = await pool.query("DELETE FROM mesh.inbox WHERE received_at < now() - make_interval(days => $1)", [
    retention.eventDays,
  ]);
  const outbox = await pool.query("DELETE FROM mesh.outbox WHERE sent_at < now() - make_interval(days => $1)", [
    retention.eventDays,
  ]);
  deleted += (inbox.rowCount ?? 0) + (outbox.rowCount ?? 0);
  return deleted;
}

/** Purges once an hour. @returns a function that ends it */
export function startPurge(pool: pg.Pool, retention: Retention, failed: (error: unknown) => void): () => void {
  const timer = setInterval(() => void purge(pool, retention).catch(failed), hourMs);
  timer.unref();
  return () => clearInterval(timer);
}
