import { AsyncLocalStorage } from "node:async_hooks";

/** A statement that goes with the commit. */
export interface Statement {
  /** Of the prepared statement. */
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** What a transaction leaves for the run time, sent in one write with its COMMIT. */
export interface UnitOfWork {
  /** Filled before the commit. */
  statements: readonly Statement[];
  /** The database's own error when the commit failed; the layers between wrap it. */
  failure?: unknown;
}

/** The unit that the transaction begun in this flow belongs to. */
export const currentUnit = new AsyncLocalStorage<UnitOfWork>();
