import type { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";

/** What an event tells of a product. */
export interface News {
  readonly productId: bigint;
  readonly name: string;
  readonly price: bigint;
  readonly status: ProductStatus;
  readonly version: bigint;
}

/** One line of the report. It has no registration time while only a later event has arrived. */
export interface Report extends News {
  readonly registeredTime: Date | undefined;
  readonly updateTime: Date;
}

/** The report after an event: the newer version wins, and the registration tells its time however late it comes. */
export function apply(known: Report | undefined, news: News, kind: "registered" | "updated", time: Date): Report {
  const registeredTime = kind === "registered" ? time : known?.registeredTime;
  if (known && known.version >= news.version) return { ...known, registeredTime };
  return { ...news, registeredTime, updateTime: time };
}
