import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/payment/client.ts";
import { PaymentServiceService } from "#gen/proto/stay/payment/v1/payment.ts";
import { PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { connect } from "#mesh/service/client.ts";
import { env, envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { promotionFailures } from "./errors.ts";
import { inline } from "./granting.ts";
import { policies } from "./policies.ts";
import { finishGrants } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { PaymentStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new PaymentStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const callee = env("API_URL_PROMOTION", "promotion.stay:50051");
const promotion = connect(PromotionServiceService, callee, promotionFailures);
const inlinePromotion = connect(PromotionServiceService, callee, promotionFailures, { headers: inline });
const limit = BigInt(envInteger("PAYMENT_LIMIT", 10_000_000));

await serve({
  name: "payment.stay",
  services: [implement(PaymentServiceService, rpc({ database, promotion, inlinePromotion, limit }))],
  database,
  policies,
  workers: [finishGrants({ database, promotion }, { olderThanMs: envInteger("FINISH_GRANTS_AFTER_MS", 5_000) })],
});
