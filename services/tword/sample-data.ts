// Fills an empty system through the gateway, as a manager, three customers and the staff of a shop would. What is there already is
// left alone, so it may run again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/tword/sample-data.ts
import { randomUUID } from "node:crypto";
import { demanding } from "#mesh/local/demanding-rest.ts";
import { type Rest, rest } from "#mesh/local/rest.ts";

const phones = [
  { shopId: "1", eqpNm: "galaxy_s21", eqpSernum: "1" },
  { shopId: "1", eqpNm: "galaxy_s21", eqpSernum: "2" },
  { shopId: "1", eqpNm: "galaxy_s21", eqpSernum: "3" },
  { shopId: "1", eqpNm: "iphone_12", eqpSernum: "4" },
  { shopId: "2", eqpNm: "iphone_12", eqpSernum: "1" },
  { shopId: "2", eqpNm: "galaxy_z_flip", eqpSernum: "2" },
] as const;

/** What becomes of each order, so that every state is to be seen. */
const orders = [
  { customerId: "kim", shopId: "1", eqpNm: "galaxy_s21", fate: "stays" },
  { customerId: "lee", shopId: "1", eqpNm: "iphone_12", fate: "is shipped" },
  { customerId: "park", shopId: "2", eqpNm: "iphone_12", fate: "is cancelled" },
] as const;

interface Delivery {
  readonly deliveryId: string;
  readonly status: string;
}

/** @param tword REST calls to tword's host of the gateway */
export async function fillShops(tword: Rest): Promise<void> {
  const shops = demanding(tword);
  for (const phone of phones) await shops.ensure("/v1/equipments", phone);
  for (const { fate, ...wish } of orders) {
    const { orders: earlier } = await shops.get<{ orders: unknown[] }>(`/v1/orders?customerId=${wish.customerId}`);
    if (earlier.length > 0) continue;
    // Order hears of a phone by an event, a moment after its registration.
    const free = `/v1/orderableEquipments?shopId=${wish.shopId}&eqpNm=${wish.eqpNm}`;
    await shops.wait<{ orderableEquipments: unknown[] }>(free, (list) => list.orderableEquipments.length > 0);
    const { orderId } = await shops.post<{ orderId: string }>("/v1/orders", wish);
    if (fate === "is cancelled") await shops.post(`/v1/orders/${orderId}:cancel`, { requestId: randomUUID() });
    if (fate !== "is shipped") continue;
    const ready = (list: { deliveries: Delivery[] }) => list.deliveries[0]?.status === "DELIVERY_STATUS_READY";
    const { deliveries } = await shops.wait<{ deliveries: Delivery[] }>(`/v1/deliveries?orderId=${orderId}`, ready);
    await shops.post(`/v1/deliveries/${deliveries[0]?.deliveryId}:start`, {});
  }
}

if (import.meta.main) await fillShops(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "tword.localhost"));
