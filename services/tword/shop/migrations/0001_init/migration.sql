CREATE TYPE "eqp_status" AS ENUM ('ORDER_AVAILABLE', 'ORDERED', 'DELIVERY_STARTED');

CREATE TYPE "shop_order_status" AS ENUM ('ORDERED', 'DELIVERY_STARTED', 'CANCELLED');

CREATE TABLE "equipment" (
  "id" BIGSERIAL NOT NULL,
  "shop_id" BIGINT NOT NULL,
  "eqp_nm" TEXT NOT NULL,
  "eqp_sernum" BIGINT NOT NULL,
  "eqp_status" "eqp_status" NOT NULL DEFAULT 'ORDER_AVAILABLE',
  "allocation_seq" BIGINT NOT NULL DEFAULT 0,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "equipment_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "equipment_numbers_above_zero" CHECK ("shop_id" > 0 AND "eqp_sernum" > 0),
  -- A phone that was never allocated is nobody's.
  CONSTRAINT "equipment_taken_by_an_allocation" CHECK ("eqp_status" = 'ORDER_AVAILABLE' OR "allocation_seq" > 0)
);

CREATE UNIQUE INDEX "equipment_shop_id_eqp_sernum_key" ON "equipment" ("shop_id", "eqp_sernum");

CREATE INDEX "equipment_shop_id_id_idx" ON "equipment" ("shop_id", "id");

CREATE INDEX "equipment_eqp_nm_id_idx" ON "equipment" ("eqp_nm", "id");

CREATE INDEX "equipment_eqp_status_id_idx" ON "equipment" ("eqp_status", "id");

CREATE TABLE "shop_order" (
  "order_id" BIGINT NOT NULL,
  "shop_id" BIGINT NOT NULL,
  "eqp_nm" TEXT NOT NULL,
  "eqp_sernum" BIGINT NOT NULL,
  "status" "shop_order_status" NOT NULL,
  "ordered_time" TIMESTAMPTZ(3),

  CONSTRAINT "shop_order_pkey" PRIMARY KEY ("order_id")
);

CREATE INDEX "shop_order_shop_id_order_id_idx" ON "shop_order" ("shop_id", "order_id");

CREATE INDEX "shop_order_status_order_id_idx" ON "shop_order" ("status", "order_id");
