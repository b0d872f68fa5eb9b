CREATE TYPE "provider" AS ENUM ('GOOGLE', 'NAVER');

CREATE TYPE "token_entry_kind" AS ENUM ('CHARGE', 'SPEND', 'REFUND');

CREATE TABLE "member" (
  "member_id" UUID NOT NULL,
  "nickname" TEXT NOT NULL,
  "email" BYTEA,
  "provider" "provider" NOT NULL,
  "subject_hash" BYTEA NOT NULL,
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "update_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "member_pkey" PRIMARY KEY ("member_id")
);

CREATE UNIQUE INDEX "member_nickname_key" ON "member" ("nickname");

CREATE UNIQUE INDEX "member_provider_subject_hash_key" ON "member" ("provider", "subject_hash");

CREATE TABLE "login_attempt" (
  "state_hash" BYTEA NOT NULL,
  "provider" "provider" NOT NULL,
  "secrets" BYTEA NOT NULL,
  "redirect_uri" TEXT NOT NULL,
  "expire_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "login_attempt_pkey" PRIMARY KEY ("state_hash")
);

CREATE INDEX "login_attempt_expire_time_idx" ON "login_attempt" ("expire_time");

CREATE TABLE "session" (
  "session_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,
  "revoke_time" TIMESTAMPTZ(3),
  "expire_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "session_pkey" PRIMARY KEY ("session_id")
);

CREATE INDEX "session_expire_time_idx" ON "session" ("expire_time");

CREATE TABLE "refresh_token" (
  "token_hash" BYTEA NOT NULL,
  "session_id" UUID NOT NULL,
  "expire_time" TIMESTAMPTZ(3) NOT NULL,
  "use_time" TIMESTAMPTZ(3),

  CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("token_hash"),
  CONSTRAINT "refresh_token_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session" ("session_id") ON DELETE CASCADE
);

CREATE INDEX "refresh_token_session_id_idx" ON "refresh_token" ("session_id");

CREATE TABLE "token_account" (
  "member_id" UUID NOT NULL,
  "balance" BIGINT NOT NULL DEFAULT 0,
  "version" BIGINT NOT NULL DEFAULT 0,

  CONSTRAINT "token_account_pkey" PRIMARY KEY ("member_id"),
  -- K2: nobody owes tokens.
  CONSTRAINT "token_account_balance" CHECK ("balance" >= 0)
);

CREATE TABLE "token_entry" (
  "entry_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,
  "kind" "token_entry_kind" NOT NULL,
  "amount" BIGINT NOT NULL,
  "ref_id" UUID NOT NULL,
  "balance_after" BIGINT NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "token_entry_pkey" PRIMARY KEY ("entry_id"),
  CONSTRAINT "token_entry_amount" CHECK ("amount" > 0),
  CONSTRAINT "token_entry_balance_after" CHECK ("balance_after" >= 0)
);

-- What a reference pays for is paid once, and given back once.
CREATE UNIQUE INDEX "token_entry_kind_ref_id_key" ON "token_entry" ("kind", "ref_id");

CREATE INDEX "token_entry_member_id_entry_id_idx" ON "token_entry" ("member_id", "entry_id");

CREATE TABLE "tombstone" (
  "ref_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,
  "create_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "tombstone_pkey" PRIMARY KEY ("ref_id")
);

CREATE TABLE "signing_key" (
  "kid" TEXT NOT NULL,
  "sealed" BYTEA NOT NULL,
  "public_jwk" JSONB NOT NULL,
  "sign_time" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);
