import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/tword/shop/client.ts";
import { ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { ShopStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ShopStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "shop.tword",
  services: [implement(ShopServiceService, rpc({ database }))],
  database,
  policies,
});
