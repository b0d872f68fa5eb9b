CREATE TABLE "promotion" (
  "coupon_id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "payment_id" BIGINT NOT NULL,
  "reservation_number" BIGINT NOT NULL,
  "customer_id" TEXT,
  "customer_name" TEXT,
  "payment_price" BIGINT,
  "payment_status" TEXT NOT NULL CHECK ("payment_status" IN ('PAID', 'CANCELLED')),
  "point" BIGINT NOT NULL,
  "service" TEXT NOT NULL CHECK ("service" IN ('NONE', 'BEVERAGE', 'DISCOUNT_COUPON')),
  "state" TEXT NOT NULL CHECK ("state" IN ('GRANTED', 'REVOKED')),
  "version" BIGINT NOT NULL DEFAULT 1,
  "create_time" DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  "update_time" DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),

  -- P1, P2: granted is what was paid, and by the table alone.
  CONSTRAINT "promotion_granted_for_what_is_paid" CHECK (("state" = 'GRANTED') = ("payment_status" = 'PAID')),
  CONSTRAINT "promotion_follows_the_table" CHECK (
    "state" = 'REVOKED'
    OR ("payment_price" >= 1 AND "point" = "payment_price" / 10 AND "service" = CASE
      WHEN "payment_price" >= 100000 THEN 'DISCOUNT_COUPON'
      WHEN "payment_price" >= 50000 THEN 'BEVERAGE'
      ELSE 'NONE' END)
  )
);

CREATE UNIQUE INDEX "promotion_payment_id_key" ON "promotion" ("payment_id");

CREATE INDEX "promotion_customer_id_coupon_id_idx" ON "promotion" ("customer_id", "coupon_id");
