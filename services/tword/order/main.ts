import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/tword/order/client.ts";
import { DeliveryServiceService } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { connect } from "#mesh/service/client.ts";
import { envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { deliveryFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { finishOrders } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { OrderStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new OrderStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const delivery = connect(DeliveryServiceService, "delivery.tword:50051", deliveryFailures);
const parts = { database, delivery };

await serve({
  name: "order.tword",
  services: [implement(OrderServiceService, rpc({ ...parts, limit: envInteger("MAX_ORDER_PER_PERSON", 10) }))],
  database,
  policies,
  workers: [finishOrders(parts)],
});
