CREATE TYPE "delivery_status" AS ENUM ('STARTED');

CREATE TABLE "delivery" (
  "delivery_id" BIGSERIAL NOT NULL,
  "order_id" BIGINT NOT NULL,
  "product_id" BIGINT NOT NULL,
  "product_name" TEXT NOT NULL,
  "qty" INTEGER NOT NULL,
  "address" TEXT NOT NULL,
  "status" "delivery_status" NOT NULL DEFAULT 'STARTED',
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "delivery_pkey" PRIMARY KEY ("delivery_id"),
  CONSTRAINT "delivery_of_something" CHECK ("qty" > 0)
);

-- M3: an order is delivered once.
CREATE UNIQUE INDEX "delivery_order_id_key" ON "delivery" ("order_id");
