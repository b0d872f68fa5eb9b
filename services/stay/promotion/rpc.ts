import { PromotionSaved } from "#gen/proto/stay/promotion/v1/events.ts";
import type { Promotion as PromotionMessage, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { type Promotion, refuseRevoked, refuseUnpaid, reserveStatusOf, reward } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { PromotionStore } from "./store.ts";

const promotionSaved = event("stay.promotion.v1.PromotionSaved", PromotionSaved);

export interface Parts {
  readonly database: Database<PromotionStore>;
}

export function rpc({ database }: Parts): Handlers<typeof PromotionServiceService> {
  return {
    async grantPromotion(receipt, call) {
      call.correlate(receipt.reservationNumber);
      refuseUnpaid(receipt);
      const granted = await database.transaction(call, async (tx) => {
        const found = await tx.store.findByPayment(receipt.paymentId);
        if (found) refuseRevoked(found);
        if (found) return toMessage(found);
        const promotion = await tx.store.grant(receipt, reward(receipt.paymentPrice));
        tx.publish(promotionSaved, toMessage(promotion), {
          aggregateId: promotion.couponId,
          aggregateVersion: promotion.version,
        });
        return toMessage(promotion);
      });
      crashPoint("grant-promotion/saved");
      return granted;
    },

    async getPromotion({ couponId }) {
      const promotion = await database.store.find(couponId);
      if (!promotion) throw refuse.PROMOTION_NOT_FOUND({ couponId });
      return toMessage(promotion);
    },

    async listPromotions(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId, request.paymentId] },
        (before, size) => database.store.page(request, before, size),
        (promotion) => promotion.couponId,
      );
      return { promotions: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ version: _internal, ...promotion }: Promotion): PromotionMessage {
  return { ...promotion, reserveStatus: reserveStatusOf(promotion) };
}
