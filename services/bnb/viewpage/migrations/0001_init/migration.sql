CREATE TYPE "room_status" AS ENUM ('AVAILABLE', 'RESERVED', 'DELETED');

CREATE TYPE "reservation_status" AS ENUM ('CONFIRMED', 'CANCEL_REQUESTED', 'CANCELLED');

CREATE TYPE "payment_status" AS ENUM ('APPROVED', 'CANCELLED', 'DECLINED');

CREATE TABLE "room_view" (
  "room_id" UUID NOT NULL,
  "desc" TEXT NOT NULL DEFAULT '',
  "price" BIGINT NOT NULL DEFAULT 0,
  "offer_version" BIGINT NOT NULL DEFAULT 0,
  "status" "room_status",
  "status_version" BIGINT NOT NULL DEFAULT 0,
  "review_cnt" INTEGER NOT NULL DEFAULT 0,
  "last_review" TEXT NOT NULL DEFAULT '',
  "review_version" BIGINT NOT NULL DEFAULT 0,
  "update_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "room_view_pkey" PRIMARY KEY ("room_id")
);

CREATE INDEX "room_view_status_room_id_idx" ON "room_view" ("status", "room_id");

CREATE TABLE "stay" (
  "rsv_id" UUID NOT NULL,
  "room_id" UUID,
  "room_seq" BIGINT NOT NULL DEFAULT 0,
  "rsv_status" "reservation_status",
  "rsv_version" BIGINT NOT NULL DEFAULT 0,
  "pay_id" UUID,
  "pay_status" "payment_status",
  "pay_version" BIGINT NOT NULL DEFAULT 0,
  "update_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "stay_pkey" PRIMARY KEY ("rsv_id"),
  CONSTRAINT "stay_in_a_room_once_confirmed" CHECK (("rsv_status" IS NULL) = ("room_id" IS NULL))
);

CREATE INDEX "stay_room_id_room_seq_idx" ON "stay" ("room_id", "room_seq");
