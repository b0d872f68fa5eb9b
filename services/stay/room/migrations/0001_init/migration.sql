CREATE TYPE "room_status" AS ENUM ('AVAILABLE', 'RESERVED');

CREATE TABLE "room" (
  "room_id" BIGSERIAL NOT NULL,
  "room_name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "room_status" "room_status" NOT NULL DEFAULT 'AVAILABLE',
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "room_pkey" PRIMARY KEY ("room_id"),
  CONSTRAINT "room_price_positive" CHECK ("price" >= 1)
);

CREATE INDEX "room_room_status_room_id_idx" ON "room" ("room_status", "room_id");

CREATE TABLE "claim" (
  "reservation_number" BIGINT NOT NULL,
  "room_id" BIGINT NOT NULL,
  "cancelled" BOOLEAN NOT NULL,

  CONSTRAINT "claim_pkey" PRIMARY KEY ("reservation_number")
);

CREATE INDEX "claim_of_a_room" ON "claim" ("room_id") WHERE NOT "cancelled";
