CREATE TYPE "pay_status" AS ENUM ('PLACED', 'CHECKING', 'CHECKED', 'CANCELED');

CREATE TYPE "cancel_cause" AS ENUM ('ORDER_CANCELED', 'OUT_OF_STOCK', 'PRODUCT_GONE');

CREATE TABLE "pay" (
  "pay_id" BIGSERIAL NOT NULL,
  "order_id" BIGINT NOT NULL,
  "product_id" BIGINT,
  "product_name" TEXT,
  "address" TEXT,
  "qty" INTEGER,
  "price" BIGINT,
  "status" "pay_status" NOT NULL,
  "cancel_cause" "cancel_cause",
  "remaining_qty" INTEGER,
  "version" BIGINT NOT NULL DEFAULT 1,
  "check_request_id" TEXT,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pay_pkey" PRIMARY KEY ("pay_id"),
  CONSTRAINT "pay_whole_or_cancelled" CHECK (
    num_nonnulls("product_id", "product_name", "address", "qty", "price") = 5
    OR ("status" = 'CANCELED' AND "cancel_cause" = 'ORDER_CANCELED')
  ),
  CONSTRAINT "pay_cancelled_for_a_cause" CHECK (("status" = 'CANCELED') = ("cancel_cause" IS NOT NULL)),
  -- M3: no deposit is confirmed without product's yes.
  CONSTRAINT "pay_checked_by_product" CHECK (("status" = 'CHECKED') = ("remaining_qty" IS NOT NULL))
);

-- M3: an order has one deposit.
CREATE UNIQUE INDEX "pay_order_id_key" ON "pay" ("order_id");

CREATE INDEX "pay_status_pay_id_idx" ON "pay" ("status", "pay_id");

-- What the recovery worker looks for.
CREATE INDEX "pay_unfinished" ON "pay" ("step_time") WHERE "status" = 'CHECKING';

-- M4: a deposit that is confirmed or cancelled stays so; and while its stock may be taken already, no customer cancels it.
CREATE FUNCTION "refuse_pay_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'pay % is %, it does not become % (%)', OLD.pay_id, OLD.status, NEW.status, NEW.cancel_cause
    USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER "pay_decided_once" BEFORE UPDATE ON "pay" FOR EACH ROW
  WHEN (
    (OLD."status" IN ('CHECKED', 'CANCELED') AND NEW."status" <> OLD."status")
    OR (OLD."status" = 'CHECKING' AND (NEW."status" = 'PLACED' OR NEW."cancel_cause" = 'ORDER_CANCELED'))
  )
  EXECUTE FUNCTION "refuse_pay_change"();
