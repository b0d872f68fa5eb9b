import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/mall/delivery/client.ts";
import { DeliveryServiceService } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { DeliveryStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new DeliveryStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "delivery.mall",
  services: [implement(DeliveryServiceService, rpc({ database }))],
  database,
  policies,
});
