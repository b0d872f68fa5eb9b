CREATE TYPE "payment_status" AS ENUM ('APPROVED', 'CANCELLED', 'DECLINED');

CREATE TABLE "payment" (
  "pay_id" UUID NOT NULL,
  "rsv_id" UUID NOT NULL,
  "room_id" UUID,
  "guest_id" TEXT,
  "amount" BIGINT NOT NULL DEFAULT 0,
  "status" "payment_status" NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "payment_pkey" PRIMARY KEY ("pay_id"),
  CONSTRAINT "payment_of_a_guest" CHECK ("status" = 'CANCELLED' OR num_nulls("room_id", "guest_id") = 0)
);

-- A reservation is paid for once.
CREATE UNIQUE INDEX "payment_rsv_id_key" ON "payment" ("rsv_id");
