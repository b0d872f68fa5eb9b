CREATE TYPE "message_kind" AS ENUM ('RESERVED', 'CANCELLED');

CREATE TABLE "message" (
  "msg_id" UUID NOT NULL,
  "rsv_id" UUID NOT NULL,
  "room_id" UUID NOT NULL,
  "recipient" TEXT NOT NULL,
  "kind" "message_kind" NOT NULL,
  "content" TEXT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "message_pkey" PRIMARY KEY ("msg_id")
);

-- B3: one message for a change of a reservation.
CREATE UNIQUE INDEX "message_rsv_id_kind_key" ON "message" ("rsv_id", "kind");
