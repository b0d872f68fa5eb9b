import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { apply } from "./domain.ts";
import type { ReportStore } from "./store.ts";

const productRegistered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updatedProductStatus = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

/** The report is made of events alone: it answers whatever happens to product. */
export const policies: Policy<ReportStore>[] = [
  whenever(productRegistered, async (product, { store, event }) => {
    await store.lock(product.productId);
    await store.save(apply(await store.find(product.productId), product, "registered", event.time));
  }),
  whenever(updatedProductStatus, async (product, { store, event }) => {
    await store.lock(product.productId);
    await store.save(apply(await store.find(product.productId), product, "updated", event.time));
  }),
];
