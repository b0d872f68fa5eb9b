import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/bnb/reservation/client.ts";
import { PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationServiceService } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { connect } from "#mesh/service/client.ts";
import { envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { paymentFailures, roomFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { finishReservations } from "./recovery.ts";
import { rpc } from "./rpc.ts";
import { ReservationStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ReservationStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const room = connect(RoomServiceService, "room.bnb:50051", roomFailures);
const payment = connect(PaymentServiceService, "payment.bnb:50051", paymentFailures);
const parts = { database, room, payment };
const limit = envInteger("MAX_RESERVATION_PER_PERSON", 10);

await serve({
  name: "reservation.bnb",
  services: [implement(ReservationServiceService, rpc({ ...parts, limit }))],
  database,
  policies,
  workers: [finishReservations(parts)],
});
