/** What ts-proto generates for a message, as far as events need it. */
export interface JsonCodec<Message> {
  fromJSON(json: unknown): Message;
  toJSON(message: Message): unknown;
}

/** An event type. */
export interface EventType<Message> {
  /** `siren.order.v1.Ordered`, the proto message's full name; also `ce-type`. */
  readonly type: string;
  /** `Ordered` */
  readonly name: string;
  /** The publisher: `order`. */
  readonly service: string;
  readonly codec: JsonCodec<Message>;
}

/**
 * An event type, for publishing and for policies.
 *
 * @param type the proto message's full name: `<system>.<service>.v1.<Name>`
 * @param codec what ts-proto generated for it
 * @throws Error when the name has another form
 */
export function event<Message>(type: string, codec: JsonCodec<Message>): EventType<Message> {
  const match = /^[a-z][a-z0-9]*\.([a-z][a-z0-9]*)\.v\d+\.([A-Z]\w*)$/.exec(type);
  const [, service, name] = match ?? [];
  if (!service || !name) throw new Error(`"${type}" is no event: expected <system>.<service>.v1.<Name>`);
  return { type, name, service, codec };
}

/** `siren.order.Ordered`. @param ns the prefix, NS of the environment */
export function subjectOf(ns: string, { service, name }: Pick<EventType<unknown>, "service" | "name">): string {
  return `${ns}.${service}.${name}`;
}

/** The stream of a system: `SIREN`. JetStream allows no dots or spaces in it. */
export function streamOf(ns: string): string {
  return ns.toUpperCase().replaceAll(/[^A-Z0-9_-]/g, "_");
}

/** An event as it arrived. */
export interface ReceivedEvent {
  /** `ce-id`: the same at every delivery. */
  readonly id: string;
  readonly type: string;
  /** `ce-source`: `order.siren` */
  readonly source: string;
  readonly time: Date;
  readonly aggregateId: string;
  /** Grows by one with each change of the aggregate: ignore what is older than what you have. */
  readonly aggregateVersion: bigint;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly traceparent: string | undefined;
}
