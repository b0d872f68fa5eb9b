// The shop of shop.ts as a process of its own, for tests that kill it. SHOP_ROLE: publisher or subscriber.
import { whenever } from "#mesh/service/policy.ts";
import { serve } from "#mesh/service/serve.ts";
import { registered, shopDatabase, shopService } from "./shop.ts";

const database = shopDatabase(process.env["DATABASE_URL"] ?? "");
if (process.env["SHOP_ROLE"] === "publisher") {
  await serve({ name: "product.siren", services: [shopService(database)], database });
} else {
  const note = whenever(registered, (message, tx: Parameters<Parameters<typeof database.transaction>[1]>[0]) =>
    tx.store.note(message.name),
  );
  await serve({ name: "report.siren", services: [], database, policies: [note as never] });
}
