import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/mall/order/client.ts";
import { ChaosServiceService } from "#gen/proto/mall/order/v1/chaos.ts";
import { OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { connect } from "#mesh/service/client.ts";
import { envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { chaos } from "./chaos.ts";
import { payFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { finishCancels } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { OrderStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new OrderStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const pay = connect(PayServiceService, "pay.mall:50051", payFailures);
const parts = { database, pay };
// Without it the method is answered with UNIMPLEMENTED, as any that nobody serves.
const leakBytes = envInteger("CHAOS_LEAK_BYTES", 0);

await serve({
  name: "order.mall",
  services: [
    implement(OrderServiceService, rpc(parts)),
    ...(leakBytes > 0 ? [implement(ChaosServiceService, chaos(leakBytes))] : []),
  ],
  database,
  policies,
  workers: [finishCancels(parts)],
});
