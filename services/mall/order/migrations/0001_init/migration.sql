CREATE TYPE "order_status" AS ENUM ('PLACED', 'CANCEL_REQUESTED', 'CANCELED', 'DELIVERING', 'CLOSED');

CREATE TYPE "cancel_cause" AS ENUM ('ORDER_CANCELED', 'OUT_OF_STOCK', 'PRODUCT_GONE');

CREATE TABLE "orders" (
  "order_id" BIGSERIAL NOT NULL,
  "product_id" BIGINT NOT NULL,
  "product_name" TEXT NOT NULL,
  "qty" INTEGER NOT NULL,
  "price" BIGINT NOT NULL,
  "address" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "status" "order_status" NOT NULL,
  "cancel_cause" "cancel_cause",
  "version" BIGINT NOT NULL DEFAULT 1,
  "cancel_request_id" TEXT,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "orders_pkey" PRIMARY KEY ("order_id"),
  CONSTRAINT "orders_qty_of_the_contract" CHECK ("qty" BETWEEN 1 AND 1000),
  CONSTRAINT "orders_price_above_zero" CHECK ("price" > 0),
  CONSTRAINT "orders_cancelled_for_a_cause" CHECK (("status" = 'CANCELED') = ("cancel_cause" IS NOT NULL))
);

CREATE INDEX "orders_customer_id_order_id_idx" ON "orders" ("customer_id", "order_id");

-- What the recovery worker looks for.
CREATE INDEX "orders_unfinished" ON "orders" ("step_time") WHERE "status" = 'CANCEL_REQUESTED';

-- M4: an order that is over stays so, and one that is on its way is not cancelled.
CREATE FUNCTION "refuse_order_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'order % is %, it does not become %', OLD.order_id, OLD.status, NEW.status
    USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER "orders_end_once" BEFORE UPDATE ON "orders" FOR EACH ROW
  WHEN (
    (OLD."status" IN ('CANCELED', 'CLOSED') AND NEW."status" <> OLD."status")
    OR (OLD."status" = 'DELIVERING' AND NEW."status" NOT IN ('DELIVERING', 'CLOSED'))
  )
  EXECUTE FUNCTION "refuse_order_change"();

CREATE TABLE "product_copy" (
  "product_id" BIGINT NOT NULL,
  "name" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "product_copy_pkey" PRIMARY KEY ("product_id")
);
