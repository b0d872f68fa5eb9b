import type { StoredEvent } from "#mesh/service/envelope.ts";
import { untilHeard, type WithSql } from "./placed-service.ts";
import type { TestService } from "./test-service.ts";
import type { Servers, SystemPlace } from "./use-servers.ts";

/** Three replicas of one service. */
export type Replicas<Service> = readonly [Service, Service, Service];

/** Starts three replicas of a service side by side, and stops them after `work`. */
export async function withReplicas<Service extends TestService, T>(
  start: () => Promise<Service>,
  work: (replicas: Replicas<Service>) => Promise<T>,
): Promise<T> {
  const replicas = await Promise.all([start(), start(), start()]);
  try {
    return await work(replicas);
  } finally {
    for (const replica of replicas) await replica.stop();
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
