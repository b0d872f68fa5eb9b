// Bnb's services inside a test's process, on a PostgreSQL and a NATS of the test, without proxies between them.
import { PrismaClient as MessageClient } from "#gen/prisma/bnb/message/client.ts";
import { PrismaClient as PaymentClient } from "#gen/prisma/bnb/payment/client.ts";
import { PrismaClient as ReservationClient } from "#gen/prisma/bnb/reservation/client.ts";
import { PrismaClient as RoomClient } from "#gen/prisma/bnb/room/client.ts";
import { PrismaClient as ViewpageClient } from "#gen/prisma/bnb/viewpage/client.ts";
import { MessageServiceService } from "#gen/proto/bnb/message/v1/message.ts";
import { PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationServiceService } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { ReviewServiceService } from "#gen/proto/bnb/room/v1/review.ts";
import { RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { RoomViewServiceService } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { policies as messagePolicies } from "./message/policies.ts";
import { rpc as messageRpc } from "./message/rpc.ts";
import { MessageStore } from "./message/store.ts";
import { policies as paymentPolicies } from "./payment/policies.ts";
import { rpc as paymentRpc } from "./payment/rpc.ts";
import { PaymentStore } from "./payment/store.ts";
import { paymentFailures, roomFailures } from "./reservation/errors.ts";
import { policies as reservationPolicies } from "./reservation/policies.ts";
import { finishReservations } from "./reservation/recovery.ts";
import { rpc as reservationRpc } from "./reservation/rpc.ts";
import { ReservationStore } from "./reservation/store.ts";
import { policies as roomPolicies } from "./room/policies.ts";
import { reviewRpc } from "./room/review-rpc.ts";
import { rpc as roomRpc } from "./room/rpc.ts";
import { RoomStore } from "./room/store.ts";
import { policies as viewpagePolicies } from "./viewpage/policies.ts";
import { rpc as viewpageRpc } from "./viewpage/rpc.ts";
import { ViewStore } from "./viewpage/store.ts";

export type { WithSql };

export function startRoom(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "room.bnb", client: (adapter) => new RoomClient({ adapter }), store: (db) => new RoomStore(db) },
    (database) => ({
      services: [
        implement(RoomServiceService, roomRpc({ database })),
        implement(ReviewServiceService, reviewRpc({ database })),
      ],
      policies: roomPolicies,
    }),
  );
}

/** Where the services listen that reservation asks. */
export interface Callees {
  readonly room: string;
  readonly payment: string;
}

export function startReservation(place: Place, callees: Callees, limit = 10): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "reservation.bnb",
      client: (adapter) => new ReservationClient({ adapter }),
      store: (db) => new ReservationStore(db),
    },
    (database) => {
      const room = connect(RoomServiceService, callees.room, roomFailures);
      const payment = connect(PaymentServiceService, callees.payment, paymentFailures);
      const parts = { database, room, payment };
      return {
        services: [implement(ReservationServiceService, reservationRpc({ ...parts, limit }))],
        policies: reservationPolicies,
        workers: [finishReservations(parts)],
      };
    },
  );
}

export function startPayment(place: Place, limitKrw = 10_000_000n): Promise<WithSql> {
  return databaseService(
    place,
    { name: "payment.bnb", client: (adapter) => new PaymentClient({ adapter }), store: (db) => new PaymentStore(db) },
    (database) => ({
      services: [implement(PaymentServiceService, paymentRpc({ database, limitKrw }))],
      policies: paymentPolicies,
    }),
  );
}

export function startMessage(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "message.bnb", client: (adapter) => new MessageClient({ adapter }), store: (db) => new MessageStore(db) },
    (database) => ({
      services: [implement(MessageServiceService, messageRpc({ database }))],
      policies: messagePolicies,
    }),
  );
}

export function startViewpage(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "viewpage.bnb", client: (adapter) => new ViewpageClient({ adapter }), store: (db) => new ViewStore(db) },
    (database) => ({
      services: [implement(RoomViewServiceService, viewpageRpc({ database }))],
      policies: viewpagePolicies,
    }),
  );
}
