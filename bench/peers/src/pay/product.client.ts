import { Metadata, status } from "@grpc/grpc-js";
import { Inject, Injectable } from "@nestjs/common";
import type { ClientGrpc } from "@nestjs/microservices";
import CircuitBreaker from "opossum";
import { firstValueFrom, type Observable, retry, throwError, timer } from "rxjs";
import type { Pay } from "#gen/prisma/peers/pay/client.ts";
import { codeOf, unavailable } from "../common/refusal.ts";
import { currentContext } from "../common/request-context.ts";

export const PRODUCT_PACKAGE = Symbol("product");

interface ProductService {
  decreaseQty(request: object, metadata: Metadata, options: { deadline: number }): Observable<{ remainingQty: number }>;
}

export type StockAnswer = { readonly remainingQty: number } | { readonly refused: "OUT_OF_STOCK" | "PRODUCT_GONE" };

/** All that a call may take, the retry included. */
const timeoutMs = Number(process.env["PRODUCT_TIMEOUT_MS"] ?? 610);
const retries = 1;
const retryDelayMs = 25;

/** Product, behind a breaker: it opens when half of at least 5 calls fail, for 3 s. One retry, for what may pass. */
@Injectable()
export class ProductClient {
  private readonly products: ProductService;
  private readonly breaker: CircuitBreaker<[Pay], { remainingQty: number }>;

  constructor(@Inject(PRODUCT_PACKAGE) client: ClientGrpc) {
    this.products = client.getService<ProductService>("ProductService");
    this.breaker = new CircuitBreaker((pay: Pay) => this.#call(pay), {
      name: "product",
      timeout: timeoutMs,
      errorThresholdPercentage: 50,
      volumeThreshold: 5,
      resetTimeout: 3_000,
      errorFilter: (error) => refusalOf(error) !== undefined,
    });
  }

  /** @throws RpcException PRODUCT_UNAVAILABLE when product says neither yes nor no */
  async decreaseQty(pay: Pay): Promise<StockAnswer> {
    try {
      return await this.breaker.fire(pay);
    } catch (error) {
      const refused = refusalOf(error);
      if (refused) return { refused };
      throw unavailable("PRODUCT_UNAVAILABLE");
    }
  }

  #call({ orderId, productId, qty, productName, address }: Pay): Promise<{ remainingQty: number }> {
    const request = { orderId: String(orderId), productId: String(productId), qty, productName, address };
    const answer = this.products.decreaseQty(request, metadata(), { deadline: Date.now() + timeoutMs });
    const delay = (error: unknown) => (isTransient(error) ? timer(retryDelayMs) : throwError(() => error));
    return firstValueFrom(answer.pipe(retry({ count: retries, delay })));
  }
}

function metadata(): Metadata {
  const { traceparent, correlationId, requestId } = currentContext();
  const headers = new Metadata();
  headers.set("traceparent", traceparent);
  if (correlationId !== undefined) headers.set("x-correlation-id", correlationId);
  if (requestId !== undefined) headers.set("x-request-id", requestId);
  return headers;
}

function isTransient(error: unknown): boolean {
  return codeOf(error) === status.UNAVAILABLE;
}

/** A "no" is an answer, and no reason to open the breaker. */
function refusalOf(error: unknown): "OUT_OF_STOCK" | "PRODUCT_GONE" | undefined {
  const code = codeOf(error);
  if (code === status.FAILED_PRECONDITION) return "OUT_OF_STOCK";
  return code === status.NOT_FOUND ? "PRODUCT_GONE" : undefined;
}
