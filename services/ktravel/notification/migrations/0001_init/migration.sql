CREATE TYPE "notification_kind" AS ENUM ('PLAN_CREATED', 'FOLLOWED');

CREATE TABLE "notification" (
  "notification_id" UUID NOT NULL,
  "event_id" UUID NOT NULL,
  "recipient_id" UUID NOT NULL,
  "kind" "notification_kind" NOT NULL,
  "actor_id" UUID NOT NULL,
  "plan_id" UUID,
  "read" BOOLEAN NOT NULL DEFAULT false,
  "create_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "notification_pkey" PRIMARY KEY ("notification_id"),
  CONSTRAINT "notification_of_a_plan" CHECK (("kind" = 'PLAN_CREATED') = ("plan_id" IS NOT NULL)),
  -- K4: nobody is told of what they did themselves.
  CONSTRAINT "notification_not_to_self" CHECK ("recipient_id" <> "actor_id")
);

-- K4: one notification for an event and a recipient.
CREATE UNIQUE INDEX "notification_event_id_recipient_id_key" ON "notification" ("event_id", "recipient_id");

CREATE INDEX "notification_recipient_id_notification_id_idx" ON "notification" ("recipient_id", "notification_id");

CREATE INDEX "notification_unread" ON "notification" ("recipient_id", "notification_id") WHERE NOT "read";

CREATE TABLE "follow_step" (
  "followee_id" UUID NOT NULL,
  "follower_id" UUID NOT NULL,
  "version" BIGINT NOT NULL,
  "following" BOOLEAN NOT NULL,
  "happened_at" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "follow_step_pkey" PRIMARY KEY ("followee_id", "follower_id", "version")
);

CREATE TABLE "plan_copy" (
  "plan_id" UUID NOT NULL,
  "owner_id" UUID NOT NULL,
  "event_id" UUID,
  "created_at" TIMESTAMPTZ(3),
  "shared" BOOLEAN NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "plan_copy_pkey" PRIMARY KEY ("plan_id")
);

CREATE INDEX "plan_copy_owner_id_created_at_idx" ON "plan_copy" ("owner_id", "created_at");

CREATE TABLE "member_copy" (
  "member_id" UUID NOT NULL,
  "nickname" TEXT NOT NULL,
  "version" BIGINT NOT NULL,

  CONSTRAINT "member_copy_pkey" PRIMARY KEY ("member_id")
);
