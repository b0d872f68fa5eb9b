CREATE TYPE "message_kind" AS ENUM ('ORDERED', 'ORDER_CANCELLED', 'DELIVERY_STARTED');

CREATE TABLE "message" (
  "message_id" BIGSERIAL NOT NULL,
  "order_id" BIGINT NOT NULL,
  "kind" "message_kind" NOT NULL,
  "content" TEXT NOT NULL,
  "event_id" TEXT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "message_pkey" PRIMARY KEY ("message_id")
);

CREATE UNIQUE INDEX "message_event_id_key" ON "message" ("event_id");

-- T4: one message for a change of an order.
CREATE UNIQUE INDEX "message_order_id_kind_key" ON "message" ("order_id", "kind");

CREATE INDEX "message_order_id_message_id_idx" ON "message" ("order_id", "message_id");

CREATE TABLE "recipient" (
  "order_id" BIGINT NOT NULL,
  "customer_id" TEXT NOT NULL,

  CONSTRAINT "recipient_pkey" PRIMARY KEY ("order_id")
);
