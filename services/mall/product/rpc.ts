import { ProductRegistered, ProductUpdated, QtyDecreased } from "#gen/proto/mall/product/v1/events.ts";
import type {
  DecreaseQtyRequest,
  Product as ProductMessage,
  ProductServiceService,
} from "#gen/proto/mall/product/v1/product.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { answer, move, type Product, revise, type StockAnswer } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { ProductStore } from "./store.ts";

const productRegistered = event("mall.product.v1.ProductRegistered", ProductRegistered);
const productUpdated = event("mall.product.v1.ProductUpdated", ProductUpdated);
const qtyDecreased = event("mall.product.v1.QtyDecreased", QtyDecreased);

export interface Parts {
  readonly database: Database<ProductStore>;
}

export function rpc({ database }: Parts): Handlers<typeof ProductServiceService> {
  return {
    async createProduct(request, call) {
      const offer = present(request.product);
      return database.answer(call, async (tx) => {
        const product = await tx.store.insert(offer);
        call.correlate(product.productId);
        tx.publish(productRegistered, product, identity(product));
        return toMessage(product);
      });
    },

    async getProduct({ productId }) {
      return toMessage(existing(await database.store.find(productId), productId));
    },

    async listProducts(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        {},
        (before, size) => database.store.page(before, size),
        (product) => product.productId,
      );
      return { products: rows.map(toMessage), nextPageToken };
    },

    async updateProduct(request, call) {
      const resource = present(request.product);
      const { productId } = resource;
      const change = maskedFields(resource, request.updateMask, ["name", "price"]);
      call.correlate(productId);
      return database.answer(call, async (tx) => {
        const found = existing(await tx.store.findForUpdate(productId), productId);
        const product = await tx.store.update(revise(found, change));
        tx.publish(productUpdated, product, identity(product));
        return toMessage(product);
      });
    },

    async adjustStock({ productId, delta }, call) {
      call.correlate(productId);
      return database.answer(call, async ({ store }) => {
        const former = existing(await store.findForUpdate(productId), productId);
        const after = move(former, delta);
        await store.record({ former, after });
        return toMessage(await store.update(after));
      });
    },

    async decreaseQty(request, call) {
      const { orderId, productId } = request;
      call.correlate(orderId);
      const given = await database.transaction(call, (tx) => answerOrder(tx, request));
      if (given.taken) return { remainingQty: given.remainingQty, price: given.price };
      throw refuse[given.reason]({ productId });
    },
  };
}

/** Answers an order for good. A refusal is kept like a movement: two who ask for the same order must hear the same. */
async function answerOrder(tx: Transaction<ProductStore>, request: DecreaseQtyRequest): Promise<StockAnswer> {
  const { orderId, productId, qty } = request;
  const { store } = tx;
  await store.lockOrder(orderId);
  const former = await store.findForUpdate(productId);
  const before = await store.findAnswer(orderId);
  if (before) return before;
  const given = answer(former, qty);
  if (given.taken) await take(tx, present(former), request);
  else await store.refuse(orderId, productId, given);
  return given;
}

async function take(tx: Transaction<ProductStore>, former: Product, request: DecreaseQtyRequest): Promise<void> {
  const { orderId, productId, qty, productName, address } = request;
  const after = move(former, -qty);
  await tx.store.record({ former, after, orderId });
  const product = await tx.store.update(after);
  tx.publish(
    qtyDecreased,
    {
      orderId,
      orderStatus: "GOODS_READY",
      productId,
      name: productName,
      qty,
      remainingQty: product.qty,
      price: product.price,
      address,
    },
    { ...identity(product), correlationId: orderId },
  );
}

function existing(product: Product | undefined, productId: bigint): Product {
  if (!product) throw refuse.PRODUCT_NOT_FOUND({ productId });
  return product;
}

function identity({ productId, version }: Product) {
  return { aggregateId: productId, aggregateVersion: version };
}

function toMessage({ version: _version, stockSeq: _stockSeq, ...product }: Product): ProductMessage {
  return product;
}
