import { Controller, Inject } from "@nestjs/common";
import { GrpcMethod, Payload } from "@nestjs/microservices";
import { z } from "zod";
import { id } from "../common/schemas.ts";
import { type CreateOrderDto, createOrderSchema } from "./create-order.dto.ts";
import { type OrderMessage, OrderService } from "./order.service.ts";

const getOrderSchema = z.object({ orderId: id });

@Controller()
export class OrderController {
  constructor(@Inject(OrderService) private readonly orders: OrderService) {}

  @GrpcMethod("OrderService", "CreateOrder")
  createOrder(@Payload({ schema: createOrderSchema }) request: CreateOrderDto): Promise<OrderMessage> {
    return this.orders.create(request);
  }

  @GrpcMethod("OrderService", "GetOrder")
  getOrder(@Payload({ schema: getOrderSchema }) { orderId }: z.infer<typeof getOrderSchema>): Promise<OrderMessage> {
    return this.orders.get(BigInt(orderId));
  }
}
