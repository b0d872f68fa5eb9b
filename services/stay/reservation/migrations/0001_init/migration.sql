CREATE TYPE "reserve_status" AS ENUM ('RESERVED', 'PAYMENT_REQUESTED', 'PAYMENT_COMPLETED', 'PROMOTION', 'CANCEL_REQUESTED', 'CANCELLED');

CREATE TYPE "promotion_service" AS ENUM ('NONE', 'BEVERAGE', 'DISCOUNT_COUPON');

CREATE TYPE "room_status" AS ENUM ('AVAILABLE', 'RESERVED');

CREATE TABLE "reservation" (
  "reservation_number" BIGSERIAL NOT NULL,
  "room_id" BIGINT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "customer_name" TEXT NOT NULL,
  "payment_price" BIGINT NOT NULL,
  "reserve_status" "reserve_status" NOT NULL,
  "payment_id" BIGINT,
  "promotion_service" "promotion_service",
  "point" BIGINT NOT NULL DEFAULT 0,
  "coupon_id" BIGINT,
  "promotion_deferred" BOOLEAN NOT NULL DEFAULT false,
  "version" BIGINT NOT NULL DEFAULT 1,
  "pay_request_id" TEXT,
  "cancel_request_id" TEXT,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "reservation_pkey" PRIMARY KEY ("reservation_number"),
  -- A word of the my-page: the reservation itself stays PAYMENT_COMPLETED.
  CONSTRAINT "reservation_never_promotion" CHECK ("reserve_status" <> 'PROMOTION'),
  CONSTRAINT "reservation_price_positive" CHECK ("payment_price" >= 1),
  CONSTRAINT "reservation_paid_has_a_payment" CHECK ("reserve_status" <> 'PAYMENT_COMPLETED' OR "payment_id" IS NOT NULL)
);

-- P4: a room has at most one reservation that is not cancelled.
CREATE UNIQUE INDEX "reservation_one_a_room" ON "reservation" ("room_id") WHERE "reserve_status" <> 'CANCELLED';

CREATE INDEX "reservation_customer_id_reservation_number_idx" ON "reservation" ("customer_id", "reservation_number");

CREATE INDEX "reservation_room_id_reservation_number_idx" ON "reservation" ("room_id", "reservation_number");

-- What the recovery worker looks for.
CREATE INDEX "reservation_unfinished" ON "reservation" ("step_time")
  WHERE "reserve_status" IN ('PAYMENT_REQUESTED', 'CANCEL_REQUESTED');

CREATE TABLE "room_copy" (
  "room_id" BIGINT NOT NULL,
  "room_name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "room_status" "room_status" NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "room_copy_pkey" PRIMARY KEY ("room_id")
);
