import type { EventType, ReceivedEvent } from "./event.ts";
import type { Argument } from "./refusals.ts";

/** What an event is about. */
export interface About {
  /** `ce-subject` */
  readonly aggregateId: Argument;
  /** Grows by one with each change of the aggregate. */
  readonly aggregateVersion: bigint | number;
  /** Default: the context's, else aggregateId. */
  readonly correlationId?: Argument;
}

/** One transaction of the service's own database. Nothing but database work belongs into it. */
export interface Transaction<Store> {
  /** The service's store inside this transaction. */
  readonly store: Store;
  /** Adds an event, stored with the commit and published after it. */
  publish<Message>(event: EventType<Message>, message: Message, about: About): void;
}

/** The transaction of a policy: the effect of one event. */
export interface EventTransaction<Store> extends Transaction<Store> {
  readonly event: ReceivedEvent;
}
