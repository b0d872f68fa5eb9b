CREATE TYPE "order_status" AS ENUM ('PENDING', 'ORDERED', 'CANCEL_REQUESTED', 'CANCELLED', 'DELIVERY_STARTED', 'REJECTED');

CREATE TYPE "allocation_state" AS ENUM ('FREE', 'ALLOCATED');

CREATE TABLE "orders" (
  "order_id" BIGSERIAL NOT NULL,
  "shop_id" BIGINT NOT NULL,
  "eqp_nm" TEXT NOT NULL,
  "eqp_sernum" BIGINT NOT NULL,
  "allocation_seq" BIGINT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "status" "order_status" NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "request_id" TEXT,
  "request_hash" BYTEA,
  "cancel_request_id" TEXT,
  "delivery_open" BOOLEAN NOT NULL DEFAULT false,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- Whether the order has its phone.
  "has_phone" BOOLEAN NOT NULL GENERATED ALWAYS AS ("status" NOT IN ('CANCELLED', 'REJECTED')) STORED,

  CONSTRAINT "orders_pkey" PRIMARY KEY ("order_id"),
  CONSTRAINT "orders_only_rejected_leave_a_delivery" CHECK (NOT "delivery_open" OR "status" = 'REJECTED'),
  CONSTRAINT "orders_order_id_has_phone_key" UNIQUE ("order_id", "has_phone")
);

CREATE UNIQUE INDEX "orders_request_id_key" ON "orders" ("request_id");

-- T1: a phone has at most one order that has it.
CREATE UNIQUE INDEX "orders_one_a_phone" ON "orders" ("shop_id", "eqp_sernum") WHERE "has_phone";

CREATE INDEX "orders_customer_id_order_id_idx" ON "orders" ("customer_id", "order_id");

CREATE INDEX "orders_status_order_id_idx" ON "orders" ("status", "order_id");

-- What the recovery worker looks for.
CREATE INDEX "orders_unfinished" ON "orders" ("step_time")
  WHERE "status" IN ('PENDING', 'CANCEL_REQUESTED') OR "delivery_open";

CREATE TABLE "orderable_equipment" (
  "id" BIGSERIAL NOT NULL,
  "shop_id" BIGINT NOT NULL,
  "eqp_sernum" BIGINT NOT NULL,
  "eqp_nm" TEXT NOT NULL,
  "state" "allocation_state" NOT NULL DEFAULT 'FREE',
  "order_id" BIGINT,
  "allocation_seq" BIGINT NOT NULL DEFAULT 0,
  "taken" BOOLEAN GENERATED ALWAYS AS (CASE WHEN "order_id" IS NOT NULL THEN true END) STORED,

  CONSTRAINT "orderable_equipment_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "orderable_equipment_allocated_to_an_order" CHECK (("state" = 'ALLOCATED') = ("order_id" IS NOT NULL)),
  -- T3: no phone stays with an order that was cancelled or rejected, at the end of any transaction.
  CONSTRAINT "orderable_equipment_order_has_phone_fkey" FOREIGN KEY ("order_id", "taken")
    REFERENCES "orders" ("order_id", "has_phone") DEFERRABLE INITIALLY DEFERRED
);

CREATE UNIQUE INDEX "orderable_equipment_shop_id_eqp_sernum_key" ON "orderable_equipment" ("shop_id", "eqp_sernum");

CREATE UNIQUE INDEX "orderable_equipment_order_id_key" ON "orderable_equipment" ("order_id");

-- Where a free phone of a model is found, and what can be ordered is listed.
CREATE INDEX "orderable_equipment_free_model" ON "orderable_equipment" ("shop_id", "eqp_nm", "id") WHERE "state" = 'FREE';

CREATE INDEX "orderable_equipment_free" ON "orderable_equipment" ("id") WHERE "state" = 'FREE';

CREATE INDEX "orderable_equipment_model" ON "orderable_equipment" ("shop_id", "eqp_nm");
