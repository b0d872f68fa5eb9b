import pg from "pg";
import { currentUnit, type UnitOfWork } from "./unit-of-work.ts";

/**
 * A connection that saves round trips, and with them system calls, which are what a small transaction costs: BEGIN travels with the first statement, and the
 * statements of the unit of work travel with the COMMIT. Whoever uses it, Prisma's adapter included, sees the usual answers.
 */
export class PipelinedClient extends pg.Client {
  /** A transaction that has begun, though the server does not know yet. */
  #begins = false;
  #unit: UnitOfWork | undefined;

  constructor(config?: pg.ClientConfig) {
    super({ ...config, pipeline: true } as pg.ClientConfig);
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg's query has nine overloads; only promises with text are intercepted.
  override query(...args: any[]): any {
    const [first, , callback] = args as [unknown, unknown, unknown];
    const send = super.query.bind(this) as (...args: unknown[]) => Promise<pg.QueryResult>;
    const text = typeof first === "string" ? first : (first as { text?: unknown } | null)?.text;
    const plain = callback === undefined && typeof args[1] !== "function" && typeof text === "string";
    if (!plain) return this.#withBegin(send, args);
    if (text === "BEGIN") return this.#begin();
    if (text === "COMMIT") return this.#commit(send);
    if (text === "ROLLBACK") return this.#rollback(send);
    return this.#withBegin(send, args);
  }

  /** For the pool: a transaction that its user left before its first statement must not begin under the next user. */
  forget(): void {
    this.#begins = false;
    this.#unit = undefined;
  }

  async #begin(): Promise<pg.QueryResult> {
    this.#begins = true;
    this.#unit = currentUnit.getStore();
    return nothing("BEGIN");
  }

  #withBegin(send: (...args: unknown[]) => Promise<pg.QueryResult>, args: unknown[]): Promise<pg.QueryResult> {
    if (!this.#begins) return send(...args);
    this.#begins = false;
    return this.#together(() => {
      ignoreRejection(send("BEGIN")); // The statement behind it fails for the same reason.
      return send(...args);
    });
  }

  async #commit(send: (...args: unknown[]) => Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    const unit = this.#unit;
    this.#unit = undefined;
    const statements = unit?.statements ?? [];
    if (this.#begins && statements.length === 0) {
      this.#begins = false;
      return nothing("COMMIT");
    }
    const answers = this.#together(() => {
      const begin = this.#begins ? [send("BEGIN")] : [];
      this.#begins = false;
      return [...begin, ...statements.map((statement) => send(statement)), send("COMMIT")];
    });
    const settled = await Promise.allSettled(answers);
    for (const answer of settled) {
      if (answer.status === "fulfilled") continue;
      if (unit) unit.failure = answer.reason;
      throw answer.reason;
    }
    const last = settled.at(-1);
    const result = last?.status === "fulfilled" ? last.value : nothing("ROLLBACK");
    if (result.command !== "COMMIT")
      throw new Error("the transaction was rolled back, because a statement in it had failed");
    return result;
  }

  async #rollback(send: (...args: unknown[]) => Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    this.#unit = undefined;
    if (!this.#begins) return send("ROLLBACK");
    this.#begins = false;
    return nothing("ROLLBACK");
  }

  /** One write for all that `work` sends. */
  #together<T>(work: () => T): T {
    const { stream } = this.connection as unknown as { stream: { cork(): void; uncork(): void } };
    stream.cork();
    try {
      return work();
    } finally {
      stream.uncork();
    }
  }
}

function nothing(command: string): pg.QueryResult {
  return { command, rowCount: null, oid: 0, fields: [], rows: [] };
}

function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
