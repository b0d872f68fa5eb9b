import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import type { Product as ProductMessage, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { type Product, revise } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { ProductStore } from "./store.ts";

const productRegistered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updatedProductStatus = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

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
      return toMessage(await find(database.store, productId));
    },

    async listProducts(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.status] },
        (before, size) => database.store.page(request.status, before, size),
        (product) => product.productId,
      );
      return { products: rows.map(toMessage), nextPageToken };
    },

    async updateProduct(request, call) {
      const resource = present(request.product);
      const { productId } = resource;
      const change = maskedFields(resource, request.updateMask, ["name", "price", "status"]);
      call.correlate(productId);
      return database.answer(call, async (tx) => {
        const product = await tx.store.update(revise(await find(tx.store, productId), change));
        tx.publish(updatedProductStatus, product, identity(product));
        return toMessage(product);
      });
    },

    async checkProduct({ productId }) {
      const { price, status } = await find(database.store, productId);
      return { productId, price, status };
    },
  };
}

async function find(store: ProductStore, productId: bigint): Promise<Product> {
  const product = await store.find(productId);
  if (!product) throw refuse.PRODUCT_NOT_FOUND({ productId });
  return product;
}

function identity({ productId, version }: Product) {
  return { aggregateId: productId, aggregateVersion: version };
}

function toMessage({ version: _internal, ...product }: Product): ProductMessage {
  return product;
}
