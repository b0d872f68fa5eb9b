CREATE TABLE "follow" (
  "follower_id" UUID NOT NULL,
  "followee_id" UUID NOT NULL,
  "following" BOOLEAN NOT NULL,
  "version" BIGINT NOT NULL,
  "follow_id" UUID NOT NULL,
  "followed_at" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "follow_pkey" PRIMARY KEY ("follower_id", "followee_id"),
  CONSTRAINT "follow_somebody_else" CHECK ("follower_id" <> "followee_id")
);

CREATE UNIQUE INDEX "follow_follow_id_key" ON "follow" ("follow_id");

CREATE INDEX "follow_follower_id_follow_id_idx" ON "follow" ("follower_id", "follow_id") WHERE "following";

CREATE INDEX "follow_followee_id_follow_id_idx" ON "follow" ("followee_id", "follow_id") WHERE "following";

CREATE TABLE "member_copy" (
  "member_id" UUID NOT NULL,
  "nickname" TEXT NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "member_copy_pkey" PRIMARY KEY ("member_id")
);
