import type { Worker } from "./recovery.ts";

/** What Envoy cannot know of a service: a number that is read whenever it is sent. */
export interface Gauge {
  /** `mainsheet.outbox.depth` */
  readonly name: string;
  /** As UCUM has it: `{event}`. */
  readonly unit: string;
  readonly description: string;
  /** @throws whatever; then it is not sent this time */
  read(): Promise<readonly Reading[]>;
}

export interface Reading {
  readonly value: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

export function outboxDepth(depth: () => Promise<number>): Gauge {
  return {
    name: "mainsheet.outbox.depth",
    unit: "{event}",
    description: "Events that are committed and not yet in the stream.",
    read: async () => [{ value: await depth() }],
  };
}

/** @param lag undefined while the service does not listen */
export function consumerLag(lag: () => Promise<number | undefined>): Gauge {
  return {
    name: "mainsheet.consumer.lag",
    unit: "{event}",
    description: "Events in the stream that the service has yet to apply.",
    read: async () => {
      const value = await lag();
      return value === undefined ? [] : [{ value }];
    },
  };
}

/** Of the workers that know. */
export function openSagas(workers: readonly Worker[]): Gauge {
  const readingsOf = async ({ name: worker, unfinished }: Worker): Promise<Reading[]> =>
    Object.entries((await unfinished?.()) ?? {}).map(([state, value]) => ({ value, attributes: { worker, state } }));
  return {
    name: "mainsheet.saga.unfinished",
    unit: "{saga}",
    description: "Sagas between two steps, by the worker that finishes them and their state.",
    read: async () => (await Promise.all(workers.map(readingsOf))).flat(),
  };
}
