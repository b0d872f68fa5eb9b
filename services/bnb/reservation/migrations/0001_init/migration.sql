CREATE TYPE "reservation_status" AS ENUM ('PENDING_PAYMENT', 'CONFIRMED', 'CANCEL_REQUESTED', 'CANCELLED', 'REJECTED');

CREATE TABLE "reservation" (
  "rsv_id" UUID NOT NULL,
  "room_id" UUID NOT NULL,
  "guest_id" TEXT NOT NULL,
  "room_seq" BIGINT NOT NULL,
  "price" BIGINT NOT NULL DEFAULT 0,
  "pay_id" UUID,
  "status" "reservation_status" NOT NULL DEFAULT 'PENDING_PAYMENT',
  "version" BIGINT NOT NULL DEFAULT 1,
  "request_id" TEXT,
  "request_hash" BYTEA,
  "repeated" BOOLEAN NOT NULL DEFAULT false,
  "given_up" BOOLEAN NOT NULL DEFAULT false,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "reservation_pkey" PRIMARY KEY ("rsv_id"),
  -- B2: what stands, or stood, was paid.
  CONSTRAINT "reservation_paid_before_it_stands" CHECK ("status" IN ('PENDING_PAYMENT', 'REJECTED') OR "pay_id" IS NOT NULL),
  CONSTRAINT "reservation_given_up_never_stands" CHECK (NOT "given_up" OR "status" IN ('PENDING_PAYMENT', 'REJECTED'))
);

CREATE UNIQUE INDEX "reservation_request_id_key" ON "reservation" ("request_id");

CREATE UNIQUE INDEX "reservation_room_id_room_seq_key" ON "reservation" ("room_id", "room_seq");

-- B1: a room has at most one reservation that stands, or may yet.
CREATE UNIQUE INDEX "reservation_one_a_room" ON "reservation" ("room_id")
  WHERE "status" IN ('PENDING_PAYMENT', 'CONFIRMED', 'CANCEL_REQUESTED');

CREATE INDEX "reservation_guest_id_rsv_id_idx" ON "reservation" ("guest_id", "rsv_id");

CREATE INDEX "reservation_room_id_rsv_id_idx" ON "reservation" ("room_id", "rsv_id");

-- What the recovery worker looks for.
CREATE INDEX "reservation_unfinished" ON "reservation" ("step_time") WHERE "status" = 'PENDING_PAYMENT';
