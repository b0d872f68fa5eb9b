CREATE TYPE "payment_status" AS ENUM ('PAID', 'UNPAID', 'CANCELLED');

CREATE TYPE "promotion_state" AS ENUM ('NONE', 'PENDING', 'GRANTED');

CREATE TABLE "payment" (
  "payment_id" BIGSERIAL NOT NULL,
  "reservation_number" BIGINT NOT NULL,
  "customer_id" TEXT,
  "customer_name" TEXT,
  "payment_price" BIGINT,
  "payment_status" "payment_status" NOT NULL,
  "promotion_state" "promotion_state" NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "payment_pkey" PRIMARY KEY ("payment_id"),
  CONSTRAINT "payment_price_positive" CHECK ("payment_price" >= 1),
  CONSTRAINT "payment_of_somebody" CHECK (
    "payment_status" = 'CANCELLED'
    OR ("customer_id" IS NOT NULL AND "customer_name" IS NOT NULL AND "payment_price" IS NOT NULL)
  ),
  -- P1: only what is paid has a promotion, or is to get one.
  CONSTRAINT "payment_promotion_of_what_is_paid" CHECK ("payment_status" = 'PAID' OR "promotion_state" = 'NONE')
);

CREATE UNIQUE INDEX "payment_reservation_number_key" ON "payment" ("reservation_number");

-- What the recovery worker looks for.
CREATE INDEX "payment_pending" ON "payment" ("step_time") WHERE "promotion_state" = 'PENDING';
