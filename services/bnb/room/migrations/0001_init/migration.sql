CREATE TYPE "room_status" AS ENUM ('AVAILABLE', 'RESERVED', 'DELETED');

CREATE TABLE "room" (
  "room_id" UUID NOT NULL,
  "desc" TEXT NOT NULL,
  "price" BIGINT NOT NULL,
  "host_id" TEXT NOT NULL,
  "status" "room_status" NOT NULL DEFAULT 'AVAILABLE',
  "review_cnt" INTEGER NOT NULL DEFAULT 0,
  "rsv_id" UUID,
  "room_seq" BIGINT NOT NULL DEFAULT 0,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "room_pkey" PRIMARY KEY ("room_id"),
  CONSTRAINT "room_reserved_by_a_reservation" CHECK (("status" = 'RESERVED') = ("rsv_id" IS NOT NULL)),
  CONSTRAINT "room_has_no_fewer_reviews_than_none" CHECK ("review_cnt" >= 0)
);

CREATE INDEX "room_status_room_id_idx" ON "room" ("status", "room_id");

CREATE TABLE "review" (
  "review_id" UUID NOT NULL,
  "room_id" UUID NOT NULL,
  "guest_id" TEXT NOT NULL,
  "content" TEXT NOT NULL,
  "rating" INTEGER NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "review_pkey" PRIMARY KEY ("review_id"),
  CONSTRAINT "review_of_a_room_fkey" FOREIGN KEY ("room_id") REFERENCES "room" ("room_id")
);

CREATE INDEX "review_room_id_review_id_idx" ON "review" ("room_id", "review_id");

CREATE TABLE "confirmed_stay" (
  "rsv_id" UUID NOT NULL,
  "room_id" UUID NOT NULL,
  "guest_id" TEXT NOT NULL,
  "cancelled" BOOLEAN NOT NULL,

  CONSTRAINT "confirmed_stay_pkey" PRIMARY KEY ("rsv_id")
);

CREATE INDEX "confirmed_stay_room_id_guest_id_idx" ON "confirmed_stay" ("room_id", "guest_id");
