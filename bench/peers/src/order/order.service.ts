import { Inject, Injectable } from "@nestjs/common";
import type { CancelCause, Order, OrderStatus, ProductCopy } from "#gen/prisma/peers/order/client.ts";
import { Answers } from "../common/answers.ts";
import { isTaken } from "../common/database.ts";
import { EventsService } from "../common/events.service.ts";
import { outboxRow } from "../common/outbox.ts";
import { methodOf, protoPath, toTimestamp } from "../common/proto.ts";
import { failedPrecondition, notFound } from "../common/refusal.ts";
import { correlate } from "../common/request-context.ts";
import type { CreateOrderDto } from "./create-order.dto.ts";
import { PrismaService } from "./prisma.service.ts";

export type OrderMessage = ReturnType<typeof toMessage>;

interface OrderEvent {
  readonly orderId: string;
}

interface PayCanceled extends OrderEvent {
  readonly cause: string;
}

interface Move extends OrderEvent {
  readonly to: { readonly status: OrderStatus; readonly cancelCause?: CancelCause };
}

const open = ["PLACED", "CANCEL_REQUESTED"] as const;

@Injectable()
export class OrderService {
  private readonly answers: Answers<OrderMessage>;

  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(EventsService) private readonly events: EventsService,
  ) {
    const createOrder = methodOf(protoPath("mall/order/v1/order"), "mall.order.v1.OrderService", "CreateOrder");
    this.answers = new Answers(prisma.answer, createOrder);
    events.on("mall.pay.v1.PayCanceled", (id, type, body) => this.#cancel(id, type, body as PayCanceled));
    events.on("mall.delivery.v1.DeliveryStarted", (id, type, body) => this.#deliver(id, type, body as OrderEvent));
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
        await tx.outbox.createMany({ data: orderPlaced(order) });
        const message = toMessage(order);
        await this.answers.keep(tx.answer, key, message);
        return message;
      });
      this.events.committed();
      return message;
    });
  }

  /** There was no stock. A cancel that the customer asked for is on its way already. */
  #cancel(eventId: string, type: string, { orderId, cause }: PayCanceled): Promise<boolean> {
    const cancelCause = cause.replace("CANCEL_CAUSE_", "") as CancelCause;
    const wanted = cancelCause !== "ORDER_CANCELED";
    return this.#apply({ eventId, type }, wanted ? { orderId, to: { status: "CANCELED", cancelCause } } : undefined);
  }

  #deliver(eventId: string, type: string, { orderId }: OrderEvent): Promise<boolean> {
    return this.#apply({ eventId, type }, { orderId, to: { status: "DELIVERING" } });
  }

  /** @returns false when the event was applied before */
  async #apply(event: { eventId: string; type: string }, move: Move | undefined): Promise<boolean> {
    const moved = { version: { increment: 1n }, updateTime: new Date(), stepTime: new Date() };
    try {
      await this.prisma.$transaction(async (tx) => {
        await tx.inbox.createMany({ data: event });
        if (!move) return;
        const where = { orderId: BigInt(move.orderId), status: { in: [...open] } };
        await tx.order.updateMany({ where, data: { ...move.to, ...moved } });
      });
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
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
