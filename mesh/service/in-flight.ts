/** What is needed of a delivery. */
interface Delivery {
  readonly headers?: { get(name: string): string } | undefined;
}

export interface InFlightOptions {
  /** Deliveries in hand: worked on, or waiting for their turn. */
  readonly inHand: number;
  /** Worked on at a time. Each needs a database connection, and so do calls, which must not wait behind a backlog. */
  readonly atOnce: number;
}

/** The deliveries in hand: several aggregates side by side, the events of one aggregate one after the other. */
export class InFlight<Message extends Delivery> {
  readonly #options: InFlightOptions;
  readonly #messages = new Set<Message>();
  readonly #chains = new Map<string, Promise<void>>();
  #working = 0;
  /** Those whose turn has not come, first come first served. */
  #turns: (() => void)[] = [];
  #changed: (() => void)[] = [];

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  /**
   * Waits until half of the places are free: asking for one message whenever one place is free would cost a round trip each.
   *
   * @returns for how many there is room
   */
  async room(): Promise<number> {
    const { inHand } = this.#options;
    while (this.#messages.size > inHand / 2) await this.#change();
    return inHand - this.#messages.size;
  }

  /** Waits until nothing is in hand. */
  async empty(): Promise<void> {
    while (this.#messages.size > 0) await this.#change();
  }

  each(visit: (message: Message) => void): void {
    for (const message of this.#messages) visit(message);
  }

  /** @param handle must not throw */
  add(message: Message, handle: (message: Message) => Promise<void>): void {
    const aggregate = message.headers?.get("ce-subject") ?? "";
    this.#messages.add(message);
    const earlier = this.#chains.get(aggregate) ?? Promise.resolve();
    const chain = earlier
      .then(() => this.#inTurn(() => handle(message)))
      .finally(() => {
        this.#messages.delete(message);
        if (this.#chains.get(aggregate) === chain) this.#chains.delete(aggregate);
        for (const wake of this.#changed.splice(0)) wake();
      });
    this.#chains.set(aggregate, chain);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#working >= this.#options.atOnce) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#working += 1;
    try {
      await work();
    } finally {
      const next = this.#turns.shift();
      if (next)
        next(); // Takes over this place.
      else this.#working -= 1;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }
}
