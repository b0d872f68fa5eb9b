import { alreadyExists, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of shop, besides what the run time answers for every service. */
export const refuse = refusals({
  EQUIPMENT_NOT_FOUND: notFound("tword.shop/Equipment", "There is no phone {id}; list the phones to see what exists."),
  EQUIPMENT_ALREADY_REGISTERED: alreadyExists(
    "tword.shop/Equipment",
    "A phone with serial number {eqpSernum} is registered at shop {shopId} already.",
  ),
});
