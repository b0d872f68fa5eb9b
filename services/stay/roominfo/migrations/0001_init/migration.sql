CREATE TYPE "payment_status" AS ENUM ('PAID', 'UNPAID', 'CANCELLED');

CREATE TYPE "promotion_service" AS ENUM ('NONE', 'BEVERAGE', 'DISCOUNT_COUPON');

CREATE TABLE "room_info" (
  "reservation_number" BIGINT NOT NULL,
  "room_id" BIGINT,
  "customer_id" TEXT,
  "customer_name" TEXT,
  "payment_price" BIGINT,
  "cancelled" BOOLEAN NOT NULL DEFAULT false,
  "reservation_version" BIGINT NOT NULL DEFAULT 0,
  "payment_id" BIGINT,
  "payment_status" "payment_status",
  "payment_version" BIGINT NOT NULL DEFAULT 0,
  "coupon_id" BIGINT,
  "service" "promotion_service",
  "point" BIGINT NOT NULL DEFAULT 0,
  "granted" BOOLEAN NOT NULL DEFAULT false,
  "promotion_version" BIGINT NOT NULL DEFAULT 0,

  CONSTRAINT "room_info_pkey" PRIMARY KEY ("reservation_number")
);

CREATE INDEX "room_info_customer_id_reservation_number_idx" ON "room_info" ("customer_id", "reservation_number");

CREATE TABLE "room_name" (
  "room_id" BIGINT NOT NULL,
  "room_name" TEXT NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "room_name_pkey" PRIMARY KEY ("room_id")
);
