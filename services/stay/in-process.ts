// Stay's services inside a test's process, on a PostgreSQL, a file of SQLite and a NATS of the test, without proxies between them.
import { PrismaClient as NoticeClient } from "#gen/prisma/stay/notice/client.ts";
import { PrismaClient as PaymentClient } from "#gen/prisma/stay/payment/client.ts";
import { PrismaClient as PromotionClient } from "#gen/prisma/stay/promotion/client.ts";
import { PrismaClient as ReservationClient } from "#gen/prisma/stay/reservation/client.ts";
import { PrismaClient as RoomClient } from "#gen/prisma/stay/room/client.ts";
import { PrismaClient as RoomInfoClient } from "#gen/prisma/stay/roominfo/client.ts";
import { NoticeServiceService } from "#gen/proto/stay/notice/v1/notice.ts";
import { PaymentServiceService } from "#gen/proto/stay/payment/v1/payment.ts";
import { PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { RoomServiceService } from "#gen/proto/stay/room/v1/room.ts";
import { RoomInfoServiceService } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { policies as noticePolicies } from "./notice/policies.ts";
import { rpc as noticeRpc } from "./notice/rpc.ts";
import { NoticeStore } from "./notice/store.ts";
import { promotionFailures } from "./payment/errors.ts";
import { inline } from "./payment/granting.ts";
import { policies as paymentPolicies } from "./payment/policies.ts";
import { finishGrants } from "./payment/recovery.ts";
import { rpc as paymentRpc } from "./payment/rpc.ts";
import { PaymentStore } from "./payment/store.ts";
import { policies as promotionPolicies } from "./promotion/policies.ts";
import { rpc as promotionRpc } from "./promotion/rpc.ts";
import { PromotionStore } from "./promotion/store.ts";
import { paymentFailures } from "./reservation/errors.ts";
import { policies as reservationPolicies } from "./reservation/policies.ts";
import { finishReservations } from "./reservation/recovery.ts";
import { rpc as reservationRpc } from "./reservation/rpc.ts";
import { ReservationStore } from "./reservation/store.ts";
import { policies as roomPolicies } from "./room/policies.ts";
import { rpc as roomRpc } from "./room/rpc.ts";
import { RoomStore } from "./room/store.ts";
import { policies as roominfoPolicies } from "./roominfo/policies.ts";
import { rpc as roominfoRpc } from "./roominfo/rpc.ts";
import { RoomInfoStore } from "./roominfo/store.ts";

export type { WithSql };

/** @param payment where payment listens */
export function startReservation(place: Place, payment: string): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "reservation.stay",
      client: (adapter) => new ReservationClient({ adapter }),
      store: (db) => new ReservationStore(db),
    },
    (database) => {
      const parts = { database, payment: connect(PaymentServiceService, payment, paymentFailures) };
      return {
        services: [implement(ReservationServiceService, reservationRpc(parts))],
        policies: reservationPolicies,
        workers: [finishReservations(parts)],
      };
    },
  );
}

/** What the card company pays at most in tests, in won. */
export const paymentLimit = 10_000_000n;

/** @param promotion where promotion listens */
export function startPayment(place: Place, promotion: string): Promise<WithSql> {
  return databaseService(
    place,
    { name: "payment.stay", client: (adapter) => new PaymentClient({ adapter }), store: (db) => new PaymentStore(db) },
    (database) => {
      const plain = connect(PromotionServiceService, promotion, promotionFailures);
      const inlinePromotion = connect(PromotionServiceService, promotion, promotionFailures, { headers: inline });
      const parts = { database, promotion: plain };
      return {
        services: [implement(PaymentServiceService, paymentRpc({ ...parts, inlinePromotion, limit: paymentLimit }))],
        policies: paymentPolicies,
        workers: [finishGrants(parts)],
      };
    },
  );
}

/** @param place with a `file:` as its database */
export function startPromotion(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "promotion.stay",
      client: (adapter) => new PromotionClient({ adapter }),
      store: (db) => new PromotionStore(db),
    },
    (database) => ({
      services: [implement(PromotionServiceService, promotionRpc({ database }))],
      policies: promotionPolicies,
    }),
  );
}

export function startRoom(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "room.stay", client: (adapter) => new RoomClient({ adapter }), store: (db) => new RoomStore(db) },
    (database) => ({ services: [implement(RoomServiceService, roomRpc({ database }))], policies: roomPolicies }),
  );
}

export function startNotice(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "notice.stay", client: (adapter) => new NoticeClient({ adapter }), store: (db) => new NoticeStore(db) },
    (database) => ({ services: [implement(NoticeServiceService, noticeRpc({ database }))], policies: noticePolicies }),
  );
}

export function startRoominfo(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "roominfo.stay",
      client: (adapter) => new RoomInfoClient({ adapter }),
      store: (db) => new RoomInfoStore(db),
    },
    (database) => ({
      services: [implement(RoomInfoServiceService, roominfoRpc({ database }))],
      policies: roominfoPolicies,
    }),
  );
}
