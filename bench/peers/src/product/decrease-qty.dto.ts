import { z } from "zod";
import { id, text } from "../common/schemas.ts";

/** What the contract demands of a DecreaseQtyRequest. */
export const decreaseQtySchema = z.object({
  orderId: id,
  productId: id,
  qty: z.int().min(1).max(1000),
  productName: text(100),
  address: text(200),
});

export type DecreaseQtyDto = z.infer<typeof decreaseQtySchema>;
