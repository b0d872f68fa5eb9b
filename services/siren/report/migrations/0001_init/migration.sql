CREATE TYPE "product_status" AS ENUM ('AVAILABLE', 'SOLD_OUT');

CREATE TABLE "report" (
  "product_id" BIGINT NOT NULL,
  "name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "status" "product_status" NOT NULL,
  "version" BIGINT NOT NULL,
  "registered_time" TIMESTAMPTZ(3),
  "update_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "report_pkey" PRIMARY KEY ("product_id")
);

CREATE INDEX "report_status_product_id_idx" ON "report" ("status", "product_id");
