// Fills an empty shop through the gateway, as a clerk and two customers would. What is there already is left alone, so it may run
// again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/siren/sample-data.ts
import { type Rest, rest } from "#mesh/local/rest.ts";

const menu = [
  { name: "아메리카노 Americano", price: "4500", status: "PRODUCT_STATUS_AVAILABLE" },
  { name: "카페라떼 Caffè latte", price: "5000", status: "PRODUCT_STATUS_AVAILABLE" },
  { name: "바닐라라떼 Vanilla latte", price: "5500", status: "PRODUCT_STATUS_AVAILABLE" },
  { name: "아인슈페너 Einspänner", price: "6000", status: "PRODUCT_STATUS_SOLD_OUT" },
  // No price yet, so not for sale.
  { name: "봄 신메뉴 Spring special", price: "0", status: "PRODUCT_STATUS_AVAILABLE" },
] as const;

const orders = [
  { drink: menu[0].name, customerId: "kim" },
  { drink: menu[1].name, customerId: "lee" },
];

interface Product {
  readonly productId: string;
  readonly name: string;
}

/** @param siren REST calls to siren's host of the gateway */
export async function fillShop(siren: Rest): Promise<void> {
  const { products } = await get<{ products: Product[] }>(siren, "/v1/products?pageSize=1000");
  const byName = new Map(products.map((product) => [product.name, product]));
  for (const drink of menu) {
    if (!byName.has(drink.name)) byName.set(drink.name, await post<Product>(siren, "/v1/products", drink));
  }
  for (const { drink, customerId } of orders) {
    const { orders: earlier } = await get<{ orders: unknown[] }>(siren, `/v1/orders?customerId=${customerId}`);
    const productId = byName.get(drink)?.productId;
    if (earlier.length > 0 || !productId) continue;
    await heardOf(siren, productId);
    await post(siren, "/v1/orders", { productId, customerId });
  }
}

/** Order hears of a product by an event, a moment after its registration. */
async function heardOf(siren: Rest, productId: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while ((await siren("GET", `/v1/productSnapshots/${productId}`)).status !== 200) {
    if (Date.now() > giveUpAt) throw new Error(`order has not heard of product ${productId} within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function get<Answer>(siren: Rest, path: string): Promise<Answer> {
  return expectOk(await siren("GET", path), `GET ${path}`) as Answer;
}

async function post<Answer>(siren: Rest, path: string, body: unknown): Promise<Answer> {
  return expectOk(await siren("POST", path, body), `POST ${path}`) as Answer;
}

function expectOk(answer: { status: number; body: unknown }, what: string): unknown {
  if (answer.status !== 200) throw new Error(`${what} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

if (import.meta.main) await fillShop(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "siren.localhost"));
