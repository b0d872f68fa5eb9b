import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/promotion/client.ts";
import { PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { PromotionStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new PromotionStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "promotion.stay",
  services: [implement(PromotionServiceService, rpc({ database }))],
  database,
  policies,
});
