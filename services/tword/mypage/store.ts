import { Mypage } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { present } from "#mesh/service/present.ts";
import { ReadModel } from "#mesh/service/read-model.ts";
import type { Page } from "./domain.ts";

/** The pages, by order, in a key-value bucket. */
export class MypageStore {
  readonly rows = new ReadModel<Page>({
    toJSON: Mypage.toJSON,
    fromJSON: (json) => {
      const page = Mypage.fromJSON(json);
      return { ...page, updateTime: present(page.updateTime) };
    },
  });

  find(orderId: bigint): Page | undefined {
    return this.rows.get(orderId);
  }

  /** At most `take` pages of orders older than `before`, newest first; an empty customer means any. */
  page(customerId: string, before: bigint | undefined, take: number): Page[] {
    return this.rows.page(before, take, (page) => customerId === "" || page.customerId === customerId);
  }

  /** @param change the page after an event; may run more than once */
  update(orderId: bigint, change: (known: Page | undefined) => Page): Promise<void> {
    return this.rows.update(orderId, change);
  }
}
