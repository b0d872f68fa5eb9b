// What each service makes of events that come twice, in the wrong order, before their predecessors, and after it was away.
import { describe, expect, it } from "vitest";
import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import type { StoredEvent } from "#mesh/service/envelope.ts";
import { event } from "#mesh/service/event.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { caughtUp } from "#mesh/testing/replicas.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startOrder, startReport } from "./in-process.ts";

const { PRODUCT_STATUS_AVAILABLE, PRODUCT_STATUS_SOLD_OUT } = ProductStatus;
const registered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updated = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

const servers = useServers();

/** A product's life: registered for 1000 won, then for 2000, then sold out. */
function lifeOf(productId: bigint): [StoredEvent, StoredEvent, StoredEvent] {
  const first = { productId, name: "Latte", price: 1000n, status: PRODUCT_STATUS_AVAILABLE, version: 1n };
  const about = (aggregateVersion: bigint) => ({ aggregateId: productId, aggregateVersion });
  return [
    occurred(registered, first, about(1n)),
    occurred(updated, { ...first, price: 2000n, version: 2n }, about(2n)),
    occurred(updated, { ...first, price: 2000n, status: PRODUCT_STATUS_SOLD_OUT, version: 3n }, about(3n)),
  ];
}

const lives = (count: number) => Array.from({ length: count }, (_, index) => lifeOf(BigInt(index + 1)));

describe.each([
  [
    "order",
    (place: SystemPlace) => startOrder(place, "127.0.0.1:1"),
    "SELECT status, version, count(*)::int FROM product_snapshot GROUP BY 1, 2",
    [],
  ],
  [
    "report",
    startReport,
    "SELECT status, version, count(*)::int, min(price), count(registered_time)::int FROM report GROUP BY 1, 2",
    ["2000"],
  ],
] as const)("%s", (name, start, states, price) => {
  /** A row of `states`: each product is in the same state, and report knows when each was registered. */
  const all = (status: string, version: number, count: number) => {
    const row = [status, String(version), count, ...price];
    return [name === "report" ? [...row, count] : row];
  };

  it("ends the same with three replicas, everything twice, and each product's last event first", async () => {
    const backwards = [2, 1, 0].flatMap((stage) => lives(50).flatMap((life) => life.slice(stage, stage + 1)));
    const found = await caughtUp(servers, start, [...backwards, ...backwards], (one) => rowsOf(one, states));
    expect(found).toEqual(all("SOLD_OUT", 3, 50));
  });

  it("applies each of a thousand events once that passed while its three replicas were away", async () => {
    const events = lives(500).flatMap((life) => life.slice(0, 2));
    const found = await caughtUp(servers, start, events, (one) => rowsOf(one, states));
    expect(found).toEqual(all("AVAILABLE", 2, 500));
  });
});
