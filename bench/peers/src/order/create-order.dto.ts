import { z } from "zod";
import { id, price, requestId, requiredText, text } from "../common/schemas.ts";

/** What the contract demands of a CreateOrderRequest; what a client may not set is left out. */
export const createOrderSchema = z.object({
  order: z.object({
    productId: id,
    productName: text(100),
    qty: z.int().min(1).max(1000),
    price,
    address: requiredText(200),
    customerId: text(255),
  }),
  requestId,
});

export type CreateOrderDto = z.infer<typeof createOrderSchema>;
