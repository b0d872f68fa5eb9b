import type pg from "pg";
import { type Answers, requestIdReused } from "./answers.ts";
import type { IdempotencyKey } from "./call.ts";

/** The answers in mesh.answers, written by `database.answer` in the transaction that made them. */
export class RequestAnswers implements Answers {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async find({ method, requestId, fingerprint }: IdempotencyKey): Promise<Buffer | undefined> {
    const { rows } = await this.#pool.query<{ fingerprint: Buffer; response: Buffer }>({
      name: "mesh-find-answer",
      text: "SELECT fingerprint, response FROM mesh.answers WHERE method = $1 AND request_id = $2",
      values: [method, requestId],
    });
    const [row] = rows;
    if (!row) return undefined;
    if (row.fingerprint.equals(fingerprint)) return row.response;
    throw requestIdReused();
  }
}
