import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/siren/order/client.ts";
import { OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import { ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { connect } from "#mesh/service/client.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { productFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { OrderStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new OrderStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const product = connect(ProductServiceService, "product.siren:50051", productFailures);

await serve({
  name: "order.siren",
  services: [implement(OrderServiceService, rpc({ database, product }))],
  database,
  policies,
});
