CREATE TYPE "stock_refusal_reason" AS ENUM ('INSUFFICIENT_STOCK', 'PRODUCT_NOT_FOUND');

CREATE TABLE "product" (
  "product_id" BIGSERIAL NOT NULL,
  "name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "qty" INTEGER NOT NULL,
  "stock_seq" BIGINT NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "product_pkey" PRIMARY KEY ("product_id"),
  CONSTRAINT "product_price_above_zero" CHECK ("price" > 0),
  -- M1: no stock below zero.
  CONSTRAINT "product_qty_not_negative" CHECK ("qty" >= 0)
);

CREATE TABLE "stock_movement" (
  "product_id" BIGINT NOT NULL,
  "seq" BIGINT NOT NULL,
  "order_id" BIGINT,
  "change" INTEGER NOT NULL,
  "former_qty" INTEGER NOT NULL,
  "remaining_qty" INTEGER NOT NULL,
  "price" BIGINT,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "former_seq" BIGINT GENERATED ALWAYS AS (NULLIF("seq" - 1, 0)) STORED,

  CONSTRAINT "stock_movement_pkey" PRIMARY KEY ("product_id", "seq"),
  CONSTRAINT "stock_movement_seq_above_zero" CHECK ("seq" > 0),
  CONSTRAINT "stock_movement_adds_up" CHECK ("former_qty" + "change" = "remaining_qty" AND "remaining_qty" >= 0),
  CONSTRAINT "stock_movement_begins_at_zero" CHECK ("seq" > 1 OR "former_qty" = 0),
  -- An order takes at least one unit, and at a price.
  CONSTRAINT "stock_movement_of_an_order" CHECK ("order_id" IS NULL OR ("change" < 0 AND "price" > 0)),
  CONSTRAINT "stock_movement_product_id_seq_remaining_qty_key" UNIQUE ("product_id", "seq", "remaining_qty"),
  -- M2: each movement begins with what the one before it left ...
  CONSTRAINT "stock_movement_continues_the_former_fkey" FOREIGN KEY ("product_id", "former_seq", "former_qty")
    REFERENCES "stock_movement" ("product_id", "seq", "remaining_qty")
);

-- M3: an order takes stock once.
CREATE UNIQUE INDEX "stock_movement_order_id_key" ON "stock_movement" ("order_id");

-- ... and the stock is what the newest left, at the end of any transaction. So the movements always sum up to it.
ALTER TABLE "product" ADD CONSTRAINT "product_qty_left_by_a_movement_fkey" FOREIGN KEY ("product_id", "stock_seq", "qty")
  REFERENCES "stock_movement" ("product_id", "seq", "remaining_qty") DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE "stock_refusal" (
  "order_id" BIGINT NOT NULL,
  "product_id" BIGINT NOT NULL,
  "reason" "stock_refusal_reason" NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "stock_refusal_pkey" PRIMARY KEY ("order_id")
);
