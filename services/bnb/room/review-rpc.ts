import { ReviewCreated, ReviewDeleted, ReviewModified } from "#gen/proto/bnb/room/v1/events.ts";
import type { ReviewServiceService } from "#gen/proto/bnb/room/v1/review.ts";
import { type EventType, event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { counted, type Review, refuseStranger } from "./domain.ts";
import { refuse } from "./errors.ts";
import { listed, type Parts } from "./rpc.ts";
import type { RoomStore } from "./store.ts";

const reviewCreated = event("bnb.room.v1.ReviewCreated", ReviewCreated);
const reviewModified = event("bnb.room.v1.ReviewModified", ReviewModified);
const reviewDeleted = event("bnb.room.v1.ReviewDeleted", ReviewDeleted);

/** Reviews belong to their room: each change of one locks the room, counts its version up and tells how many there are. */
export function reviewRpc({ database }: Parts): Handlers<typeof ReviewServiceService> {
  return {
    async createReview(request, call) {
      const opinion = present(request.review);
      const { roomId, guestId } = opinion;
      call.correlate(roomId);
      return database.answer(call, async (tx) => {
        listed(await tx.store.findForUpdate(roomId), roomId);
        if (!(await tx.store.hasStayed(guestId, roomId))) throw refuse.NO_CONFIRMED_STAY({ guestId, roomId });
        const review = await tx.store.insertReview(opinion);
        await tell(tx, reviewCreated, review, 1);
        return review;
      });
    },

    async getReview({ reviewId }) {
      return existing(await database.store.findReview(reviewId), reviewId);
    },

    async listReviews(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.roomId] },
        (before, size) => database.store.pageReviews(request.roomId, before, size),
        (review) => review.reviewId,
      );
      return { reviews: rows, nextPageToken };
    },

    async updateReview(request, call) {
      const resource = present(request.review);
      const { reviewId, guestId } = resource;
      const change = maskedFields(resource, request.updateMask, ["content", "rating"]);
      return database.answer(call, async (tx) => {
        const found = await lockReview(tx.store, reviewId);
        call.correlate(found.roomId);
        refuseStranger(found, guestId);
        const review = await tx.store.updateReview(reviewId, change);
        await tell(tx, reviewModified, review, 0);
        return review;
      });
    },

    async deleteReview({ reviewId, guestId }, call) {
      return database.answer(call, async (tx) => {
        const review = await lockReview(tx.store, reviewId);
        call.correlate(review.roomId);
        refuseStranger(review, guestId);
        await tx.store.deleteReview(reviewId);
        await tell(tx, reviewDeleted, review, -1);
        return {};
      });
    },
  };
}

/** The review, whose room no other transaction can change until this one ends. */
async function lockReview(store: RoomStore, reviewId: string): Promise<Review> {
  const { roomId } = existing(await store.findReview(reviewId), reviewId);
  await store.findForUpdate(roomId);
  return existing(await store.findReview(reviewId), reviewId); // It may have been removed meanwhile.
}

function existing(review: Review | undefined, reviewId: string): Review {
  if (!review) throw refuse.REVIEW_NOT_FOUND({ reviewId });
  return review;
}

/** Counts the review and tells of it. @param more reviews that the room has now: 1, 0 or -1 */
async function tell(
  tx: Transaction<RoomStore>,
  event: EventType<ReviewCreated>,
  { reviewId, roomId, content }: Review,
  more: number,
): Promise<void> {
  const room = await tx.store.update(counted(present(await tx.store.find(roomId)), more));
  const [newest] = await tx.store.pageReviews(roomId, undefined, 1);
  tx.publish(
    event,
    { reviewId, roomId, content, reviewCnt: room.reviewCnt, lastReview: newest?.content ?? "" },
    { aggregateId: roomId, aggregateVersion: room.version },
  );
}
