import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { apply, type News, type Report } from "./domain.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;

interface Happening {
  readonly kind: "registered" | "updated";
  readonly news: News;
  readonly time: Date;
}

/** The life of one product: registered, then changed. */
const life: Happening[] = [
  { kind: "registered", news: news(1n, 4500n, AVAILABLE), time: new Date(1000) },
  { kind: "updated", news: news(2n, 5000n, AVAILABLE), time: new Date(2000) },
  { kind: "updated", news: news(3n, 5000n, SOLD_OUT), time: new Date(3000) },
];

function news(version: bigint, price: bigint, status: ProductStatus): News {
  return { productId: 7n, name: "Americano", price, status, version };
}

function hear(happenings: readonly Happening[]): Report | undefined {
  let report: Report | undefined;
  for (const { kind, news, time } of happenings) report = apply(report, news, kind, time);
  return report;
}

describe("apply", () => {
  it("writes a line when a product is registered", () => {
    expect(hear(life.slice(0, 1))).toEqual({
      ...life[0]?.news,
      registeredTime: new Date(1000),
      updateTime: new Date(1000),
    });
  });

  it("has no registration time while only a later event has arrived", () => {
    expect(hear(life.slice(1, 2))).toMatchObject({ price: 5000n, registeredTime: undefined });
  });

  it("ends the same in whatever order, and however often, the events arrive", () => {
    const final = hear(life);
    expect(final).toMatchObject({ status: SOLD_OUT, registeredTime: new Date(1000), updateTime: new Date(3000) });
    const anyOrder = fc
      .shuffledSubarray(life, { minLength: life.length })
      .chain((all) => fc.array(fc.constantFrom(...life)).map((more) => [...all, ...more]));
    fc.assert(
      fc.property(anyOrder, (happenings) => {
        expect(hear(happenings)).toEqual(final);
      }),
    );
  });
});
