import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/bnb/payment/client.ts";
import { PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import { envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { PaymentStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new PaymentStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "payment.bnb",
  services: [
    implement(PaymentServiceService, rpc({ database, limitKrw: BigInt(envInteger("CARD_LIMIT_KRW", 10_000_000)) })),
  ],
  database,
  policies,
});
