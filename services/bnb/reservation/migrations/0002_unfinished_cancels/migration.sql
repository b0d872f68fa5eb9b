DROP INDEX "reservation_unfinished";

-- What the recovery worker looks for: payments and cancels.
CREATE INDEX "reservation_unfinished" ON "reservation" ("step_time") WHERE "status" IN ('PENDING_PAYMENT', 'CANCEL_REQUESTED');
