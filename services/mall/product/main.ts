import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/mall/product/client.ts";
import { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { ProductStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ProductStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "product.mall",
  services: [implement(ProductServiceService, rpc({ database }))],
  database,
  policies,
});
