import { Inject, Injectable } from "@nestjs/common";
import type { Product } from "#gen/prisma/peers/product/client.ts";
import { isTaken } from "../common/database.ts";
import { EventsService } from "../common/events.service.ts";
import { outboxRow } from "../common/outbox.ts";
import { failedPrecondition, notFound } from "../common/refusal.ts";
import { correlate } from "../common/request-context.ts";
import type { DecreaseQtyDto } from "./decrease-qty.dto.ts";
import { PrismaService } from "./prisma.service.ts";

export interface StockAnswer {
  readonly remainingQty: number;
  readonly price: string;
}

type Answer = StockAnswer | { readonly refused: "INSUFFICIENT_STOCK" | "PRODUCT_NOT_FOUND" };

@Injectable()
export class ProductService {
  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(EventsService) private readonly events: EventsService,
  ) {}

  /** Answers an order for good: a repeat hears the same. */
  async decreaseQty(request: DecreaseQtyDto): Promise<StockAnswer> {
    correlate(request.orderId);
    const answer = (await this.#known(request)) ?? (await this.#decide(request));
    if (!("refused" in answer)) return answer;
    throw answer.refused === "PRODUCT_NOT_FOUND" ? notFound(answer.refused) : failedPrecondition(answer.refused);
  }

  async #known({ orderId }: DecreaseQtyDto): Promise<Answer | undefined> {
    const where = { orderId: BigInt(orderId) };
    const movement = await this.prisma.stockMovement.findUnique({ where });
    if (movement) return { remainingQty: movement.remainingQty, price: String(movement.price ?? 0n) };
    const refusal = await this.prisma.stockRefusal.findUnique({ where });
    return refusal ? { refused: refusal.reason } : undefined;
  }

  async #decide(request: DecreaseQtyDto): Promise<Answer> {
    try {
      const answer = await this.#take(request);
      this.events.committed();
      return answer ?? (await this.#refuse(request));
    } catch (error) {
      // Somebody has asked for the same order meanwhile: the index on its id lets one through.
      const known = isTaken(error) ? await this.#known(request) : undefined;
      if (known) return known;
      throw error;
    }
  }

  /** One conditional update takes the units; undefined when there are too few. */
  #take(request: DecreaseQtyDto): Promise<StockAnswer | undefined> {
    const { qty } = request;
    const [orderId, productId] = [BigInt(request.orderId), BigInt(request.productId)];
    return this.prisma.$transaction(async (tx) => {
      const [product] = await tx.product.updateManyAndReturn({
        where: { productId, qty: { gte: qty } },
        data: {
          qty: { decrement: qty },
          stockSeq: { increment: 1n },
          version: { increment: 1n },
          updateTime: new Date(),
        },
      });
      if (!product) return undefined;
      const { stockSeq: seq, qty: remainingQty, price } = product;
      const formerQty = remainingQty + qty;
      await tx.stockMovement.create({
        data: { productId, seq, orderId, change: -qty, formerQty, remainingQty, price },
      });
      await tx.outbox.createMany({ data: qtyDecreased(product, request) });
      return { remainingQty, price: String(price) };
    });
  }

  async #refuse(request: DecreaseQtyDto): Promise<Answer> {
    const [orderId, productId] = [BigInt(request.orderId), BigInt(request.productId)];
    const product = await this.prisma.product.findUnique({ where: { productId } });
    const refused = product ? "INSUFFICIENT_STOCK" : "PRODUCT_NOT_FOUND";
    await this.prisma.stockRefusal.create({ data: { orderId, productId, reason: refused } });
    return { refused };
  }
}

function qtyDecreased({ productId, version, qty: remainingQty, price }: Product, request: DecreaseQtyDto) {
  const { orderId, productName, qty, address } = request;
  return outboxRow({
    type: "mall.product.v1.QtyDecreased",
    aggregateId: productId,
    aggregateVersion: version,
    payload: {
      orderId,
      orderStatus: "GOODS_READY",
      productId: String(productId),
      name: productName,
      qty,
      remainingQty,
      price: String(price),
      address,
    },
  });
}
