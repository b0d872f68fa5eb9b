import { describe, expect, it } from "vitest";
import type { StoredEvent } from "#mesh/service/envelope.ts";
import { eventually } from "./eventually.ts";
import { rowsOf, untilHeard, type WithSql } from "./placed-service.ts";
import type { TestService } from "./test-service.ts";
import type { Servers, SystemPlace } from "./use-servers.ts";

/** Three replicas of one service. */
export type Replicas<Service> = readonly [Service, Service, Service];

/** Starts three replicas of a service side by side, and stops them after `work`. */
export async function withReplicas<Service extends TestService, T>(
  start: () => Promise<Service>,
  work: (replicas: Replicas<Service>) => Promise<T>,
): Promise<T> {
  const starts = [start(), start(), start()] as const;
  try {
    return await work(await Promise.all(starts));
  } finally {
    // Of some that were started, when another was not, too.
    for (const started of await Promise.allSettled(starts)) {
      if (started.status === "fulfilled") await started.value.stop();
    }
  }
}

/**
 * Has three replicas of a service catch up with events that passed while none of them ran, in a system of its own.
 *
 * @param look reads what has become of the events, once each different one has been applied
 */
export async function caughtUp<T>(
  servers: Servers,
  start: (place: SystemPlace) => Promise<WithSql>,
  events: readonly StoredEvent[],
  look: (service: WithSql) => Promise<T>,
): Promise<T> {
  const place = await servers.placeApart();
  await servers.publish(place, events);
  return withReplicas(
    () => start(place),
    async ([one]) => {
      await untilHeard(one, new Set(events.map(({ eventId }) => eventId)).size);
      return look(one);
    },
  );
}

/** A service, how it starts, the event that is about the nth thing, and a query that counts what the events have done. */
export type ThousandEventsCase = readonly [
  service: string,
  start: (place: SystemPlace) => Promise<WithSql>,
  eventOf: (id: bigint) => StoredEvent,
  count: string,
];

/** Tests that three replicas of each service, which were away while a thousand events passed, apply each of them once. */
export function thousandEvents(servers: Servers, cases: readonly ThousandEventsCase[]): void {
  describe("three replicas that were away while a thousand events passed", () => {
    it.each(cases)("%s applies each of them once", async (_, start, eventOf, count) => {
      const events = Array.from({ length: 1000 }, (_, index) => eventOf(BigInt(index + 1)));
      expect(await caughtUp(servers, start, events, (one) => rowsOf(one, count))).toEqual([[1000]]);
    });
  });
}

/**
 * Has three replicas of a service with a read model catch up with events that passed while none of them ran, each twice and the newest first.
 *
 * @param look reads a replica's rows; what it finds is the same in each replica in the end
 * @param found expects what was found to be right
 */
export async function readModelCatchesUp<Service extends TestService, Rows>(
  servers: Servers,
  start: (place: SystemPlace) => Promise<Service>,
  events: readonly StoredEvent[],
  { look, found }: { look(service: Service): Promise<Rows>; found(rows: Rows): void },
): Promise<void> {
  const place = await servers.placeApart();
  await servers.publish(place, [...events.toReversed(), ...events.toReversed()]);
  await withReplicas(
    () => start(place),
    async (replicas) => {
      for (const replica of replicas) {
        await eventually(async () => {
          found(await look(replica));
          return true;
        });
      }
    },
  );
}
