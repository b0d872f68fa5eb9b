-- A request pays, or cancels, one reservation. Where one did so twice, it is the first one's.
UPDATE "reservation" AS "later" SET "pay_request_id" = NULL
  WHERE EXISTS (
    SELECT 1 FROM "reservation" AS "first"
    WHERE "first"."pay_request_id" = "later"."pay_request_id" AND "first"."reservation_number" < "later"."reservation_number"
  );

UPDATE "reservation" AS "later" SET "cancel_request_id" = NULL
  WHERE EXISTS (
    SELECT 1 FROM "reservation" AS "first"
    WHERE "first"."cancel_request_id" = "later"."cancel_request_id" AND "first"."reservation_number" < "later"."reservation_number"
  );

CREATE UNIQUE INDEX "reservation_pay_request_id_key" ON "reservation" ("pay_request_id") WHERE "pay_request_id" <> '';

CREATE UNIQUE INDEX "reservation_cancel_request_id_key" ON "reservation" ("cancel_request_id") WHERE "cancel_request_id" <> '';
