import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { apply, type News } from "./domain.ts";
import type { ReportStore } from "./store.ts";

const productRegistered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updatedProductStatus = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

/** The report is made of events alone: it answers whatever happens to product. */
export const policies: Policy<ReportStore>[] = [
  whenever(productRegistered, (product, tx) => hear(product, "registered", tx)),
  whenever(updatedProductStatus, (product, tx) => hear(product, "updated", tx)),
];

async function hear(news: News, kind: "registered" | "updated", { store, event }: EventTransaction<ReportStore>) {
  await store.lock(news.productId);
  await store.save(apply(await store.find(news.productId), news, kind, event.time));
}
