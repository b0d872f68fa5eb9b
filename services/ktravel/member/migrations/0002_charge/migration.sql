-- A charge that was asked for: here before the payment provider hears of it, gone when it is booked or declined.
CREATE TABLE "charge" (
  "request_id" UUID NOT NULL,
  "member_id" UUID NOT NULL,
  "amount" BIGINT NOT NULL,
  "step_time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "charge_pkey" PRIMARY KEY ("request_id"),
  CONSTRAINT "charge_amount" CHECK ("amount" > 0)
);

CREATE INDEX "charge_step_time_idx" ON "charge" ("step_time");
