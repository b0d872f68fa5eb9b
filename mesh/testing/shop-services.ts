import { Product, ProductServiceService, ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import type { OwnDatabase } from "#mesh/service/database.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { Place } from "./placed-service.ts";
import { registered, type ShopStore, shopDatabase, shopService } from "./shop.ts";
import { type TestService, testService } from "./test-service.ts";

/** A service of shop.ts with its database. */
export interface ShopInTest extends TestService {
  readonly database: OwnDatabase<ShopStore>;
}

/** What is registered where nothing else matters. */
export const americano = Product.fromPartial({
  name: "Americano",
  price: 4500n,
  status: ProductStatus.PRODUCT_STATUS_AVAILABLE,
});

/** A service that registers products and tells it. @param inside called in each transaction of CreateProduct */
export async function startPublisher({ url, settings = {} }: Place, inside?: () => Promise<void>): Promise<ShopInTest> {
  const database = shopDatabase(url);
  const services = [shopService(database, inside)];
  return Object.assign(await testService({ name: "product.siren", services, database, settings }), { database });
}

/** A service that notes each event that it applies. @param effect called before it does */
export async function startSubscriber(
  { url, settings = {} }: Place,
  effect?: (name: string) => Promise<void> | void,
  name = "report.siren",
): Promise<ShopInTest> {
  const database = shopDatabase(url);
  const policies: Policy<ShopStore>[] = [
    whenever(registered, async (message, tx) => {
      await effect?.(message.name);
      await tx.store.note(`${message.name}/${tx.event.aggregateVersion}/${tx.event.correlationId}`);
    }),
  ];
  return Object.assign(await testService({ name, services: [], database, policies, settings }), { database });
}

/** Registers a product. */
export function register(service: TestService, name: string, requestId = "") {
  return service.caller.call(ProductServiceService.createProduct, { product: { ...americano, name }, requestId });
}
