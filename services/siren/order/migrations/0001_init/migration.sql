CREATE TYPE "order_status" AS ENUM ('ORDERED');

CREATE TYPE "product_status" AS ENUM ('AVAILABLE', 'SOLD_OUT');

CREATE TABLE "orders" (
  "order_id" BIGSERIAL NOT NULL,
  "product_id" BIGINT NOT NULL,
  "price" BIGINT NOT NULL,
  "status" "order_status" NOT NULL,
  "customer_id" TEXT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "orders_pkey" PRIMARY KEY ("order_id"),
  CONSTRAINT "orders_price_above_zero" CHECK ("price" > 0)
);

CREATE INDEX "orders_customer_id_order_id_idx" ON "orders" ("customer_id", "order_id");

CREATE INDEX "orders_product_id_order_id_idx" ON "orders" ("product_id", "order_id");

CREATE TABLE "product_snapshot" (
  "product_id" BIGINT NOT NULL,
  "name" TEXT NOT NULL,
  "status" "product_status" NOT NULL,
  "version" BIGINT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "product_snapshot_pkey" PRIMARY KEY ("product_id")
);

CREATE INDEX "product_snapshot_status_product_id_idx" ON "product_snapshot" ("status", "product_id");
