import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { OrderStore } from "./store.ts";

const productRegistered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updatedProductStatus = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

/** Order keeps its own copy of what is sold out, so that it can say so while product is away. */
export const policies: Policy<OrderStore>[] = [
  whenever(productRegistered, (product, tx) => tx.store.learn(product)),
  whenever(updatedProductStatus, (product, tx) => tx.store.learn(product)),
];
