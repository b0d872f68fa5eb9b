CREATE TYPE "plan_origin" AS ENUM ('MANUAL', 'PERSONALIZED', 'TREND', 'TASTE');

CREATE TYPE "recommendation_type" AS ENUM ('PERSONALIZED', 'TREND', 'TASTE');

CREATE TYPE "recommendation_status" AS ENUM ('REQUESTED', 'TOKEN_SPENT', 'GENERATING', 'COMPLETED', 'REFUNDING', 'FAILED', 'REJECTED');

CREATE TYPE "language" AS ENUM ('ko', 'en');

CREATE TABLE "plan" (
  "plan_id" UUID NOT NULL,
  "owner_id" UUID NOT NULL,
  "location" TEXT NOT NULL,
  "travel_date" TEXT NOT NULL,
  "budget" BIGINT NOT NULL,
  "group_size" INTEGER NOT NULL,
  "details" TEXT NOT NULL,
  "origin" "plan_origin" NOT NULL,
  "share_id" UUID,
  "shared_time" TIMESTAMPTZ(3),
  "recommendation_id" UUID,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "plan_pkey" PRIMARY KEY ("plan_id"),
  CONSTRAINT "plan_shared_since" CHECK (("share_id" IS NULL) = ("shared_time" IS NULL)),
  CONSTRAINT "plan_written_or_recommended" CHECK (("origin" = 'MANUAL') = ("recommendation_id" IS NULL))
);

CREATE UNIQUE INDEX "plan_share_id_key" ON "plan" ("share_id");

-- K3: one plan for a recommendation.
CREATE UNIQUE INDEX "plan_recommendation_id_key" ON "plan" ("recommendation_id");

CREATE INDEX "plan_owner_id_plan_id_idx" ON "plan" ("owner_id", "plan_id");

-- The board, whole, by location and by owner.
CREATE INDEX "plan_board_location" ON "plan" ("location", "share_id") WHERE "share_id" IS NOT NULL;

CREATE INDEX "plan_board_owner" ON "plan" ("owner_id", "share_id") WHERE "share_id" IS NOT NULL;

CREATE TABLE "heart" (
  "heart_id" UUID NOT NULL,
  "plan_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,

  CONSTRAINT "heart_pkey" PRIMARY KEY ("heart_id"),
  CONSTRAINT "heart_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan" ("plan_id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "heart_plan_id_member_id_key" ON "heart" ("plan_id", "member_id");

CREATE INDEX "heart_member_id_heart_id_idx" ON "heart" ("member_id", "heart_id");

CREATE TABLE "recommendation" (
  "recommendation_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,
  "type" "recommendation_type" NOT NULL,
  "location" TEXT NOT NULL,
  "travel_date" TEXT NOT NULL,
  "budget" BIGINT NOT NULL,
  "group_size" INTEGER NOT NULL,
  "details" TEXT NOT NULL,
  "language" "language" NOT NULL,
  "status" "recommendation_status" NOT NULL DEFAULT 'REQUESTED',
  "plan_id" UUID,
  "failure_reason" TEXT,
  "version" BIGINT NOT NULL DEFAULT 1,
  "request_id" UUID,
  "request_hash" BYTEA,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "recommendation_pkey" PRIMARY KEY ("recommendation_id"),
  -- K1: what is COMPLETED became a plan, and nothing else did.
  CONSTRAINT "recommendation_completed_has_plan" CHECK (("status" = 'COMPLETED') = ("plan_id" IS NOT NULL)),
  CONSTRAINT "recommendation_failed_has_reason" CHECK (
    ("status" IN ('REFUNDING', 'FAILED', 'REJECTED')) = ("failure_reason" IS NOT NULL)
  )
);

CREATE UNIQUE INDEX "recommendation_plan_id_key" ON "recommendation" ("plan_id");

CREATE UNIQUE INDEX "recommendation_member_id_request_id_key" ON "recommendation" ("member_id", "request_id");

CREATE INDEX "recommendation_member_id_recommendation_id_idx" ON "recommendation" ("member_id", "recommendation_id");

-- What the workers look for.
CREATE INDEX "recommendation_unfinished" ON "recommendation" ("step_time")
  WHERE "status" IN ('REQUESTED', 'TOKEN_SPENT', 'GENERATING', 'REFUNDING');

CREATE TABLE "member_copy" (
  "member_id" UUID NOT NULL,
  "nickname" TEXT NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "member_copy_pkey" PRIMARY KEY ("member_id")
);

CREATE TABLE "follow_pair" (
  "follower_id" UUID NOT NULL,
  "followee_id" UUID NOT NULL,
  "following" BOOLEAN NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "follow_pair_pkey" PRIMARY KEY ("followee_id", "follower_id")
);

CREATE TABLE "follower_count" (
  "member_id" UUID NOT NULL,
  "followers" BIGINT NOT NULL,

  CONSTRAINT "follower_count_pkey" PRIMARY KEY ("member_id")
);

-- Who has the most followers.
CREATE INDEX "follower_count_top" ON "follower_count" ("followers" DESC, "member_id") WHERE "followers" > 0;
