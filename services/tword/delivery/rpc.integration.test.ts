import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryServiceService, DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Code } from "#mesh/service/codes.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { startDelivery, type WithSql } from "../in-process.ts";

const { createDelivery, cancelDelivery, startDelivery: ship, getDelivery, listDeliveries } = DeliveryServiceService;
const { DELIVERY_STATUS_HELD, DELIVERY_STATUS_STARTED, DELIVERY_STATUS_CANCELLED } = DeliveryStatus;

let postgres: TestPostgres;
let service: WithSql;
beforeAll(async () => {
  postgres = await testPostgres();
  service = await startDelivery({ url: postgres.freshUrl() });
});
afterAll(async () => {
  await service?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

let orders = 0n;
const parcel = { shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 5n, allocationSeq: 1n };
const hold = (orderId: bigint) => service.caller.call(createDelivery, { orderId, ...parcel });
const cancel = (orderId: bigint) => service.caller.call(cancelDelivery, { orderId });
const start = (deliveryId: bigint, requestId = "") => service.caller.call(ship, { deliveryId, requestId });

/** A delivery of a new order. @param ready whether its order stands */
async function held(ready: boolean) {
  orders += 1n;
  const { response } = await hold(orders);
  if (!response) throw new Error("no delivery");
  const { orderId, deliveryId } = response;
  const stands = "UPDATE delivery SET status = 'READY', ordered_time = now() WHERE order_id = $1";
  if (ready) await service.sql.query(stands, [orderId]);
  return { orderId, deliveryId };
}

async function events(deliveryId: bigint) {
  const { rows } = await service.sql.query<{ payload: string; correlation_id: string }>(
    "SELECT payload, correlation_id FROM mesh.outbox WHERE aggregate_id = $1",
    [String(deliveryId)],
  );
  return rows.map(({ payload, correlation_id }) => ({ ...JSON.parse(payload), correlation_id }));
}

describe("createDelivery", () => {
  it("answers a repeat with the same delivery, one after the other and all at once", async () => {
    orders += 1n;
    const answers = await Promise.all(Array.from({ length: 8 }, () => hold(orders)));
    answers.push(await hold(orders));
    for (const answer of answers) expect(answer.response).toEqual(answers[0]?.response);
    expect(answers[0]?.response).toMatchObject({ orderId: orders, status: DELIVERY_STATUS_HELD, eqpSernum: 5n });
  });

  it("is refused when it comes after its cancel", async () => {
    orders += 1n;
    expect((await cancel(orders)).response).toMatchObject({ status: DELIVERY_STATUS_CANCELLED, shopId: 0n, eqpNm: "" });
    expect(await hold(orders)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "DELIVERY_CANCELLED" });
  });
});

describe("startDelivery", () => {
  it("ships once and tells it once, however often the request is repeated", async () => {
    const { orderId, deliveryId } = await held(true);
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => start(deliveryId, requestId)));
    for (const answer of answers) expect(answer.response).toMatchObject({ status: DELIVERY_STATUS_STARTED });
    expect(await events(deliveryId)).toEqual([
      {
        orderId: String(orderId),
        deliveryId: String(deliveryId),
        shopId: "1",
        eqpSernum: "5",
        eqpStatus: "EQP_STATUS_DELIVERY_STARTED",
        allocationSeq: "1",
        correlation_id: String(orderId),
      },
    ]);
    expect(await start(deliveryId)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "DELIVERY_ALREADY_STARTED",
      precondition: "DELIVERY_ALREADY_STARTED",
    });
    expect(await cancel(orderId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "DELIVERY_ALREADY_STARTED" });
  });

  it("waits until the order stands", async () => {
    const { deliveryId } = await held(false);
    expect(await start(deliveryId)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "ORDER_NOT_COMPLETED",
      retryAfterMs: 1000,
    });
  });

  it("is refused after a cancel, which may be repeated", async () => {
    const { orderId, deliveryId } = await held(true);
    const first = await cancel(orderId);
    expect(await cancel(orderId)).toEqual(first);
    expect(await start(deliveryId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "DELIVERY_CANCELLED" });
    expect(await events(deliveryId)).toEqual([]);
  });

  it("loses or wins against a cancel, never both", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { orderId, deliveryId } = await held(true);
      const [shipped, cancelled] = await Promise.all([start(deliveryId), cancel(orderId)]);
      expect(shipped.code === Code.OK).toBe(cancelled.code !== Code.OK);
    }
  });
});

it.each([
  [getDelivery, { deliveryId: 9_999n }, Code.NOT_FOUND, "DELIVERY_NOT_FOUND"],
  [getDelivery, { deliveryId: 0n }, Code.INVALID_ARGUMENT, "INVALID_ID"],
  [ship, { deliveryId: 9_999n }, Code.NOT_FOUND, "DELIVERY_NOT_FOUND"],
  [ship, { deliveryId: 1n, requestId: "no" }, Code.INVALID_ARGUMENT, "INVALID_REQUEST_ID"],
  [createDelivery, { ...parcel, orderId: 0n }, Code.INVALID_ARGUMENT, "INVALID_ID"],
  [createDelivery, { ...parcel, orderId: 1n, allocationSeq: 0n }, Code.INVALID_ARGUMENT, "OUT_OF_RANGE"],
  [cancelDelivery, { orderId: -1n }, Code.INVALID_ARGUMENT, "INVALID_ID"],
  [listDeliveries, { pageSize: -1 }, Code.INVALID_ARGUMENT, "INVALID_PAGE_SIZE"],
  [listDeliveries, { pageToken: "x" }, Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"],
  [listDeliveries, { status: 77 as DeliveryStatus }, Code.INVALID_ARGUMENT, "INVALID_ENUM"],
])("%o with %o is refused", async (method, request, code, reason) => {
  expect(await service.caller.call(method, request as never)).toMatchObject({ code, reason, domain: "delivery.tword" });
});

it("ships nothing before the order stands, by the database alone", async () => {
  const { orderId } = await held(false);
  const shipped = service.sql.query("UPDATE delivery SET status = 'STARTED' WHERE order_id = $1", [orderId]);
  await expect(shipped).rejects.toThrow("delivery_of_an_order_that_stands");
});
