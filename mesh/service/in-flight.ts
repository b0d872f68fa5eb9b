import type { JsMsg } from "@nats-io/jetstream";

/** The deliveries in hand: several aggregates side by side, the events of one aggregate one after the other. */
export class InFlight {
  readonly #limit: number;
  readonly #messages = new Set<JsMsg>();
  readonly #chains = new Map<string, Promise<void>>();
  #changed: (() => void)[] = [];

  /** @param limit how many at a time */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits until there is room. @returns for how many */
  async room(): Promise<number> {
    while (this.#messages.size >= this.#limit) await this.#change();
    return this.#limit - this.#messages.size;
  }

  /** Waits until nothing is in hand. */
  async empty(): Promise<void> {
    while (this.#messages.size > 0) await this.#change();
  }

  each(visit: (message: JsMsg) => void): void {
    for (const message of this.#messages) visit(message);
  }

  /** @param handle must not throw */
  add(message: JsMsg, handle: (message: JsMsg) => Promise<void>): void {
    const aggregate = message.headers?.get("ce-subject") ?? "";
    this.#messages.add(message);
    const earlier = this.#chains.get(aggregate) ?? Promise.resolve();
    const chain = earlier
      .then(() => handle(message))
      .finally(() => {
        this.#messages.delete(message);
        if (this.#chains.get(aggregate) === chain) this.#chains.delete(aggregate);
        for (const wake of this.#changed.splice(0)) wake();
      });
    this.#chains.set(aggregate, chain);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }
}
