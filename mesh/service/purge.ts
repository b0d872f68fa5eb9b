import type pg from "pg";
import type { Retention } from "./storage.ts";

const hourMs = 60 * 60 * 1000;

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
export function startPurge(purgeNow: () => Promise<number>, failed: (error: unknown) => void): () => void {
  const timer = setInterval(() => void purgeNow().catch(failed), hourMs);
  timer.unref();
  return () => clearInterval(timer);
}
