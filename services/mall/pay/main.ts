import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/mall/pay/client.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { connect } from "#mesh/service/client.ts";
import { envBoolean } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { productFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { checkAll, finishChecks } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { PayStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new PayStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const product = connect(ProductServiceService, "product.mall:50051", productFailures);
const parts = { database, product };

await serve({
  name: "pay.mall",
  services: [implement(PayServiceService, rpc(parts))],
  database,
  policies,
  workers: [finishChecks(parts), ...(envBoolean("PAY_AUTO_CHECK", false) ? [checkAll(parts)] : [])],
});
