import { describe, expect, it } from "vitest";
import type { Policy } from "#mesh/service/policy.ts";
import { published, type WithSql } from "./placed-service.ts";

/** What a consumer relies on in an event: consumer, provider, the event's name, and fields of its payload as JSON. */
export type Expectation = readonly [consumer: string, provider: string, name: string, needs: Record<string, unknown>];

export interface EventContracts {
  /** The services that publish, once the file's hooks have made everything happen that the expectations name. */
  providers(): Readonly<Record<string, Pick<WithSql, "sql">>>;
  /** The policies of every service that listens. */
  readonly consumers: Readonly<Record<string, readonly Policy<never>[]>>;
  readonly expectations: readonly Expectation[];
}

/**
 * Tests that each event has what its consumers rely on, as it lies in the provider's outbox. A field that a provider stops filling fails here and not in
 * production; so does a policy without an expectation.
 */
export function eventContracts({ providers, consumers, expectations }: EventContracts): void {
  describe("events", () => {
    it.each(expectations)("%s relies on %s's %s", async (_, provider, name, needs) => {
      const service = providers()[provider];
      const payloads = service ? await published(service, name) : [];
      expect(payloads.length).toBeGreaterThan(0);
      for (const payload of payloads) expect(payload).toMatchObject(needs);
    });

    it("have a contract wherever a policy waits for them", () => {
      const waits = Object.entries(consumers).flatMap(([consumer, policies]) =>
        policies.map(({ event }) => `${consumer} <- ${event.service}.${event.name}`),
      );
      const contracts = expectations.map(([consumer, provider, name]) => `${consumer} <- ${provider}.${name}`);
      expect(contracts.sort()).toEqual(waits.sort());
    });
  });
}

/** A positive id in a payload. */
export const anId = expect.stringMatching(/^[1-9]\d*$/);
