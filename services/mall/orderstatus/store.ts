import { OrderStatus as OrderStatusMessage } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { present } from "#mesh/service/present.ts";
import { ReadModel } from "#mesh/service/read-model.ts";
import type { OrderStatus } from "./domain.ts";

/** The rows, by order, in a key-value bucket. */
export class OrderStatusStore {
  readonly rows = new ReadModel<OrderStatus>({
    toJSON: (row) => OrderStatusMessage.toJSON({ ...row, history: [...row.history] }),
    fromJSON: (json) => {
      const row = OrderStatusMessage.fromJSON(json);
      const history = row.history.map(({ status, time }) => ({ status, time: present(time) }));
      return { ...row, updateTime: present(row.updateTime), history };
    },
  });

  find(orderId: bigint): OrderStatus | undefined {
    return this.rows.get(orderId);
  }

  /** At most `take` rows of orders older than `before`, newest first; an empty customer means any. */
  page(customerId: string, before: bigint | undefined, take: number): OrderStatus[] {
    return this.rows.page(before, take, (row) => customerId === "" || row.customerId === customerId);
  }

  /** @param change the row after an event; may run more than once */
  update(orderId: bigint, change: (known: OrderStatus | undefined) => OrderStatus): Promise<void> {
    return this.rows.update(orderId, change);
  }
}
