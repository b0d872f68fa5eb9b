CREATE TYPE "notice_kind" AS ENUM ('RESERVATION_PLACED', 'RESERVATION_CANCELLED', 'PROMOTION_SAVED', 'PROMOTION_REVOKED');

-- An empty customer is not known yet.
CREATE TABLE "recipient" (
  "reservation_number" BIGINT NOT NULL,
  "customer_id" TEXT NOT NULL,

  CONSTRAINT "recipient_pkey" PRIMARY KEY ("reservation_number")
);

CREATE INDEX "recipient_customer_id_idx" ON "recipient" ("customer_id");

CREATE TABLE "notice" (
  "notice_id" BIGSERIAL NOT NULL,
  "reservation_number" BIGINT NOT NULL,
  "kind" "notice_kind" NOT NULL,
  "content" TEXT NOT NULL,
  "event_id" TEXT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "notice_pkey" PRIMARY KEY ("notice_id"),
  CONSTRAINT "notice_reservation_number_fkey" FOREIGN KEY ("reservation_number") REFERENCES "recipient" ("reservation_number")
);

CREATE UNIQUE INDEX "notice_event_id_key" ON "notice" ("event_id");

CREATE UNIQUE INDEX "notice_reservation_number_kind_key" ON "notice" ("reservation_number", "kind");
