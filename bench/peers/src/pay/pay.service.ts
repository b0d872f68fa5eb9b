import { Inject, Injectable } from "@nestjs/common";
import type { Pay } from "#gen/prisma/peers/pay/client.ts";
import { Answers } from "../common/answers.ts";
import { isTaken } from "../common/database.ts";
import { EventsService } from "../common/events.service.ts";
import { methodOf, protoPath, toTimestamp } from "../common/proto.ts";
import { failedPrecondition, notFound } from "../common/refusal.ts";
import { correlate } from "../common/request-context.ts";
import { payCanceled, payChecked, payPlaced } from "./pay.events.ts";
import { PrismaService } from "./prisma.service.ts";
import { ProductClient, type StockAnswer } from "./product.client.ts";

export type PayMessage = ReturnType<typeof toMessage>;

interface OrderPlaced {
  readonly orderId: string;
  readonly productId: string;
  readonly productName: string;
  readonly address: string;
  readonly qty: number;
  readonly price: string;
}

@Injectable()
export class PayService {
  private readonly answers: Answers<PayMessage>;

  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(EventsService) private readonly events: EventsService,
    @Inject(ProductClient) private readonly product: ProductClient,
  ) {
    const checkPay = methodOf(protoPath("mall/pay/v1/pay"), "mall.pay.v1.PayService", "CheckPay");
    this.answers = new Answers(prisma.answer, checkPay);
    events.on("mall.order.v1.OrderPlaced", (id, type, body) => this.#place(id, type, body as OrderPlaced));
  }

  /** The seller has seen the money: notes that, asks product for the units, and keeps what it said. */
  async check({ payId: id, requestId }: { payId: string; requestId: string }): Promise<PayMessage> {
    return this.answers.once({ payId: id, requestId } as { requestId: string }, async (key) => {
      const payId = BigInt(id);
      const pay = await this.#open(payId, requestId);
      correlate(pay.orderId);
      const stock = await this.product.decreaseQty(pay);
      const message = await this.prisma.$transaction(async (tx) => {
        const data = { ...outcomeOf(stock), version: { increment: 1n }, updateTime: new Date(), stepTime: new Date() };
        const [moved] = await tx.pay.updateManyAndReturn({ where: { payId, status: "CHECKING" }, data });
        // Whoever joined a check finds what the first has kept.
        const pay = moved ?? (await tx.pay.findUniqueOrThrow({ where: { payId } }));
        if (moved)
          await tx.outbox.createMany({ data: moved.status === "CHECKED" ? payChecked(moved) : payCanceled(moved) });
        const message = toMessage(pay);
        await this.answers.keep(tx.answer, key, message);
        return message;
      });
      this.events.committed();
      return message;
    });
  }

  /** One conditional update; a check that is on its way is joined. */
  async #open(payId: bigint, requestId: string): Promise<Pay> {
    const now = new Date();
    const [opened] = await this.prisma.pay.updateManyAndReturn({
      where: { payId, status: "PLACED" },
      data: {
        status: "CHECKING",
        version: { increment: 1n },
        updateTime: now,
        stepTime: now,
        ...(requestId ? { checkRequestId: requestId } : {}),
      },
    });
    const pay = opened ?? (await this.prisma.pay.findUnique({ where: { payId } }));
    if (!pay) throw notFound("PAY_NOT_FOUND");
    if (pay.status === "CHECKED") throw failedPrecondition("PAYMENT_ALREADY_CHECKED");
    if (pay.status === "CANCELED") throw failedPrecondition("PAYMENT_CANCELED");
    return pay;
  }

  async #place(eventId: string, type: string, order: OrderPlaced): Promise<boolean> {
    try {
      await this.prisma.$transaction(async (tx) => {
        await tx.inbox.createMany({ data: { eventId, type } });
        const { productName, address, qty } = order;
        const [orderId, productId, price] = [BigInt(order.orderId), BigInt(order.productId), BigInt(order.price)];
        const data = { orderId, productId, productName, address, qty, price, status: "PLACED" } as const;
        const [pay] = await tx.pay.createManyAndReturn({ data: [data], skipDuplicates: true });
        if (pay) await tx.outbox.createMany({ data: payPlaced(pay) });
      });
    } catch (error) {
      if (isTaken(error)) return false; // It was delivered before.
      throw error;
    }
    this.events.committed();
    return true;
  }
}

function outcomeOf(stock: StockAnswer) {
  if ("refused" in stock) return { status: "CANCELED", cancelCause: stock.refused } as const;
  return { status: "CHECKED", remainingQty: stock.remainingQty } as const;
}

function toMessage(pay: Pay) {
  const { payId, orderId, productId, productName, address, qty, price, status, cancelCause } = pay;
  return {
    payId: String(payId),
    orderId: String(orderId),
    productId: String(productId),
    productName,
    address,
    qty,
    price: String(price),
    amount: String((price ?? 0n) * BigInt(qty ?? 0)),
    status: `PAY_STATUS_${status}`,
    cancelCause: `CANCEL_CAUSE_${cancelCause ?? "UNSPECIFIED"}`,
    createTime: toTimestamp(pay.createTime),
    updateTime: toTimestamp(pay.updateTime),
  };
}
