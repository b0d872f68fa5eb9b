import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/reservation/client.ts";
import { PaymentServiceService } from "#gen/proto/stay/payment/v1/payment.ts";
import { ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { connect } from "#mesh/service/client.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { paymentFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { finishReservations } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { ReservationStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ReservationStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const parts = { database, payment: connect(PaymentServiceService, "payment.stay:50051", paymentFailures) };

await serve({
  name: "reservation.stay",
  services: [implement(ReservationServiceService, rpc(parts))],
  database,
  policies,
  workers: [finishReservations(parts)],
});
