// Fills an empty system through the gateway, as a seller and five customers would. What is there already is left alone, so it may run
// again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/mall/sample-data.ts
import { randomUUID } from "node:crypto";
import { demanding } from "#mesh/local/demanding-rest.ts";
import { type Rest, rest } from "#mesh/local/rest.ts";

const products = [
  { name: "TV", price: "100", qty: 10_000 },
  { name: "냉장고", price: "1200000", qty: 20 },
  { name: "세탁기", price: "890000", qty: 5 },
  { name: "라디오", price: "30000", qty: 0 },
] as const;

/** What becomes of each order, so that every state is to be seen. */
const orders = [
  { customerId: "kim", name: "TV", qty: 3, address: "서울시 중구 1", fate: "waits for the deposit" },
  { customerId: "lee", name: "냉장고", qty: 1, address: "서울시 마포구 2", fate: "is on its way" },
  { customerId: "park", name: "세탁기", qty: 1, address: "부산시 남구 3", fate: "is received" },
  { customerId: "choi", name: "TV", qty: 1, address: "인천시 서구 4", fate: "is cancelled" },
  { customerId: "jung", name: "라디오", qty: 2, address: "대구시 북구 5", fate: "finds no stock" },
] as const;

interface Product {
  readonly productId: string;
  readonly name: string;
}

interface Deposits {
  readonly pays: readonly { readonly payId: string }[];
}

/** @param mall REST calls to the mall's host of the gateway */
export async function fillMall(mall: Rest): Promise<void> {
  const api = demanding(mall);
  const { products: known } = await api.get<{ products: Product[] }>("/v1/products?pageSize=1000");
  const ids = new Map(known.map(({ name, productId }) => [name, productId]));
  for (const product of products) {
    if (ids.has(product.name)) continue;
    ids.set(product.name, (await api.post<Product>("/v1/products", product)).productId);
  }
  for (const { fate, name, ...wish } of orders) {
    const { orders: earlier } = await api.get<{ orders: unknown[] }>(`/v1/orders?customerId=${wish.customerId}`);
    if (earlier.length > 0) continue;
    // Order hears of a product by an event, a moment after its registration.
    const { orderId } = await api.postWhenKnown<{ orderId: string }>("/v1/orders", {
      ...wish,
      productId: ids.get(name),
    });
    if (fate === "is cancelled") await api.post(`/v1/orders/${orderId}:cancel`, { requestId: randomUUID() });
    if (fate === "is cancelled" || fate === "waits for the deposit") continue;
    const waits = (list: Deposits) => list.pays.length > 0;
    const { pays } = await api.wait<Deposits>(`/v1/pays?orderId=${orderId}`, waits);
    await api.post(`/v1/pays/${pays[0]?.payId}:check`, { requestId: randomUUID() });
    if (fate !== "is received") continue;
    await api.wait<{ status: string }>(`/v1/orders/${orderId}`, ({ status }) => status === "ORDER_STATUS_DELIVERING");
    await api.post(`/v1/orders/${orderId}:confirmReceipt`, {});
  }
}

if (import.meta.main) await fillMall(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "mall.localhost"));
