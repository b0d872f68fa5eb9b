CREATE TYPE "product_status" AS ENUM ('AVAILABLE', 'SOLD_OUT');

CREATE TABLE "product" (
  "product_id" BIGSERIAL NOT NULL,
  "name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "status" "product_status" NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "product_pkey" PRIMARY KEY ("product_id"),
  CONSTRAINT "product_price_not_negative" CHECK ("price" >= 0)
);

CREATE INDEX "product_status_product_id_idx" ON "product" ("status", "product_id");
