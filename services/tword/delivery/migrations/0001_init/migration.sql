CREATE TYPE "delivery_status" AS ENUM ('HELD', 'READY', 'STARTED', 'CANCELLED');

CREATE TABLE "delivery" (
  "delivery_id" BIGSERIAL NOT NULL,
  "order_id" BIGINT NOT NULL,
  "shop_id" BIGINT,
  "eqp_nm" TEXT,
  "eqp_sernum" BIGINT,
  "allocation_seq" BIGINT,
  "status" "delivery_status" NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "ordered_time" TIMESTAMPTZ(3),
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "delivery_pkey" PRIMARY KEY ("delivery_id"),
  CONSTRAINT "delivery_of_a_phone" CHECK (
    "status" = 'CANCELLED'
    OR num_nulls("shop_id", "eqp_nm", "eqp_sernum", "allocation_seq") = 0
  ),
  -- T2: nothing is shipped, nor may be, before the event that says that the order stands.
  CONSTRAINT "delivery_of_an_order_that_stands" CHECK ("status" NOT IN ('READY', 'STARTED') OR "ordered_time" IS NOT NULL)
);

CREATE UNIQUE INDEX "delivery_order_id_key" ON "delivery" ("order_id");

CREATE INDEX "delivery_shop_id_delivery_id_idx" ON "delivery" ("shop_id", "delivery_id");

CREATE INDEX "delivery_status_delivery_id_idx" ON "delivery" ("status", "delivery_id");
