// Fills an empty shop through the gateway, as a clerk and two customers would. What is there already is left alone, so it may run
// again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/siren/sample-data.ts
import { demanding } from "#mesh/local/demanding-rest.ts";
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
  const shop = demanding(siren);
  const { products } = await shop.get<{ products: Product[] }>("/v1/products?pageSize=1000");
  const byName = new Map(products.map((product) => [product.name, product]));
  for (const drink of menu) {
    if (!byName.has(drink.name)) byName.set(drink.name, await shop.post<Product>("/v1/products", drink));
  }
  for (const { drink, customerId } of orders) {
    const { orders: earlier } = await shop.get<{ orders: unknown[] }>(`/v1/orders?customerId=${customerId}`);
    const productId = byName.get(drink)?.productId;
    if (earlier.length > 0 || !productId) continue;
    await shop.wait(`/v1/productSnapshots/${productId}`); // Order hears of a product by an event, a moment after its registration.
    await shop.post("/v1/orders", { productId, customerId });
  }
}

if (import.meta.main) await fillShop(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "siren.localhost"));
