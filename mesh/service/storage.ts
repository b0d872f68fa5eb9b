import type { SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import type { Answers } from "./answers.ts";
import type { StoredEvent } from "./envelope.ts";
import type { AnswerRow, OutboxRow } from "./outbox.ts";
import type { Statement } from "./unit-of-work.ts";

/** What differs between the databases that a service may have: PostgreSQL, or a file of SQLite. */
export interface Storage {
  /** For the Prisma client. Its transactions write the statements of their unit of work with their COMMIT. */
  readonly adapter: SqlDriverAdapterFactory;
  readonly answers: Answers;
  readonly outbox: Outbox;
  /** Notes an event (id, type) as applied; changes no row when it was noted before. */
  readonly insertInbox: string;
  /** What a transaction leaves for the run time: its answer, and its events. */
  statementsOf(events: readonly OutboxRow[], answer?: AnswerRow): Statement[];
  /** Whether a commit failed because someone else's transaction has answered the same request_id. */
  isAnswered(failure: unknown): boolean;
  /** Makes the database when there is none and applies the migrations of the run time and of a folder. */
  migrate(folder: string): Promise<void>;
  /** Whether it answers now. @throws the driver's error when it does not */
  ping(): Promise<void>;
  /** Deletes what is older than its retention. @returns how many rows */
  purge(retention: Retention): Promise<number>;
  close(): Promise<void>;
}

export interface Retention {
  /** Sent outbox rows and inbox rows; 0: for ever. Inbox ids must outlive the stream (7 days), or a rebuilt stream is applied twice. */
  readonly eventDays: number;
  /** Answers to requests with a request_id; at least 24. */
  readonly answerHours: number;
}

/** The events that transactions have left. */
export interface Outbox {
  /** Tells the process that relays, which is another one, that there is something new. Never throws: its sweep finds it too. */
  notify(): void;
  /** Prepares to relay. @param woken called when another process has notified, or the connection broke */
  session(woken: () => void): OutboxSession;
  /**
   * Marks events as not sent, so that the relay publishes them again: rebuilds a stream that was lost. Consumers drop what they have by their inbox.
   *
   * @param since only events at or after this time; default: all that are kept
   * @returns how many events will be published
   */
  rebuild(since?: Date): Promise<number>;
  /** How many events are not sent yet. */
  depth(): Promise<number>;
}

/** An event that was not sent yet, with its place in the order of the outbox. */
export interface UnsentEvent extends StoredEvent {
  readonly position: string;
}

/** One process's way to the outbox. At most one of a database leads at a time. */
export interface OutboxSession {
  connect(): Promise<void>;
  /** Tries to become the one that leads, until it is closed or its process ends. */
  lead(): Promise<boolean>;
  /** Marks events as sent and returns the next that are not. @param sent positions */
  unsent(sent: readonly string[]): Promise<UnsentEvent[]>;
  close(): Promise<void>;
}
