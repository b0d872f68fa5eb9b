import { Inject, Injectable } from "@nestjs/common";
import type { Order, ProductCopy } from "#gen/prisma/peers/order/client.ts";
import { Answers } from "../common/answers.ts";
import { EventsService } from "../common/events.service.ts";
import { outboxRow } from "../common/outbox.ts";
import { methodOf, protoPath, toTimestamp } from "../common/proto.ts";
import { failedPrecondition, notFound } from "../common/refusal.ts";
import { correlate } from "../common/request-context.ts";
import type { CreateOrderDto } from "./create-order.dto.ts";
import { PrismaService } from "./prisma.service.ts";

export type OrderMessage = ReturnType<typeof toMessage>;

@Injectable()
export class OrderService {
  private readonly answers: Answers<OrderMessage>;

  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(EventsService) private readonly events: EventsService,
  ) {
    const createOrder = methodOf(protoPath("mall/order/v1/order"), "mall.order.v1.OrderService", "CreateOrder");
    this.answers = new Answers(prisma.answer, createOrder);
  }

  async create(request: CreateOrderDto): Promise<OrderMessage> {
    const { productId, qty, address, customerId, price } = request.order;
    return this.answers.once(request, async (key) => {
      const message = await this.prisma.$transaction(async (tx) => {
        const product = await tx.productCopy.findUnique({ where: { productId: BigInt(productId) } });
        const offer = accept(product, BigInt(price));
        const order = await tx.order.create({
          data: {
            productId: offer.productId,
            productName: offer.name,
            price: offer.price,
            qty,
            address,
            customerId,
            status: "PLACED",
          },
        });
        correlate(order.orderId);
        await tx.outbox.create({ data: orderPlaced(order) });
        const message = toMessage(order);
        await this.answers.keep(tx.answer, key, message);
        return message;
      });
      this.events.committed();
      return message;
    });
  }

  async get(orderId: bigint): Promise<OrderMessage> {
    const order = await this.prisma.order.findUnique({ where: { orderId } });
    if (!order) throw notFound("ORDER_NOT_FOUND");
    return toMessage(order);
  }
}

function accept(product: ProductCopy | null, expected: bigint): ProductCopy {
  if (!product) throw notFound("PRODUCT_NOT_FOUND");
  if (expected !== 0n && expected !== product.price) throw failedPrecondition("PRICE_CHANGED");
  return product;
}

function orderPlaced({ orderId, version, productId, productName, qty, price, address, customerId }: Order) {
  return outboxRow({
    type: "mall.order.v1.OrderPlaced",
    aggregateId: orderId,
    aggregateVersion: version,
    payload: {
      orderId: String(orderId),
      orderStatus: "ORDER_RECEIVED",
      productId: String(productId),
      productName,
      qty,
      price: String(price),
      address,
      customerId,
    },
  });
}

function toMessage(order: Order) {
  const { orderId, productId, productName, qty, price, address, customerId, status, cancelCause } = order;
  return {
    orderId: String(orderId),
    productId: String(productId),
    productName,
    qty,
    price: String(price),
    address,
    customerId,
    status: `ORDER_STATUS_${status}`,
    cancelCause: `CANCEL_CAUSE_${cancelCause ?? "UNSPECIFIED"}`,
    createTime: toTimestamp(order.createTime),
    updateTime: toTimestamp(order.updateTime),
  };
}
