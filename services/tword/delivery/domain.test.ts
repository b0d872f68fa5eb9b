import { describe, expect, test } from "vitest";
import { DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { afterOrdered, cancel, refuseCancelled, start } from "./domain.ts";

const { DELIVERY_STATUS_HELD, DELIVERY_STATUS_READY, DELIVERY_STATUS_STARTED, DELIVERY_STATUS_CANCELLED } =
  DeliveryStatus;
const delivery = (status: DeliveryStatus) => ({ orderId: 7n, status });

describe("the state table", () => {
  test.each([
    ["ordered", afterOrdered, DELIVERY_STATUS_HELD, DELIVERY_STATUS_READY],
    ["ordered", afterOrdered, DELIVERY_STATUS_READY, DELIVERY_STATUS_READY],
    ["ordered", afterOrdered, DELIVERY_STATUS_STARTED, DELIVERY_STATUS_STARTED],
    ["ordered", afterOrdered, DELIVERY_STATUS_CANCELLED, DELIVERY_STATUS_CANCELLED],
    ["start", start, DELIVERY_STATUS_READY, DELIVERY_STATUS_STARTED],
    ["cancel", cancel, DELIVERY_STATUS_HELD, DELIVERY_STATUS_CANCELLED],
    ["cancel", cancel, DELIVERY_STATUS_READY, DELIVERY_STATUS_CANCELLED],
    ["cancel", cancel, DELIVERY_STATUS_CANCELLED, DELIVERY_STATUS_CANCELLED],
  ])("%s: %o of %s yields %s", (_, trigger, from, to) => {
    expect(trigger(delivery(from))).toBe(to);
  });

  test.each([
    [start, DELIVERY_STATUS_HELD, "ORDER_NOT_COMPLETED"],
    [start, DELIVERY_STATUS_STARTED, "DELIVERY_ALREADY_STARTED"],
    [start, DELIVERY_STATUS_CANCELLED, "DELIVERY_CANCELLED"],
    [cancel, DELIVERY_STATUS_STARTED, "DELIVERY_ALREADY_STARTED"],
    [refuseCancelled, DELIVERY_STATUS_CANCELLED, "DELIVERY_CANCELLED"],
  ])("%o of %s is refused with %s", (trigger, from, reason) => {
    expect(() => trigger(delivery(from))).toThrow(expect.objectContaining({ reason, metadata: { orderId: "7" } }));
  });

  test.each([DELIVERY_STATUS_HELD, DELIVERY_STATUS_READY, DELIVERY_STATUS_STARTED])(
    "asking for a delivery in state %s again is no refusal",
    (status) => {
      expect(() => refuseCancelled(delivery(status))).not.toThrow();
    },
  );
});
