import type { Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import type { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import type { NotificationKind } from "#gen/proto/ktravel/notification/v1/notification.ts";
import type { PlanOrigin, RecommendationStatus, RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. */
export const providerLabels: Labels<typeof Provider> = {
  PROVIDER_GOOGLE: { ko: "구글", en: "Google" },
  PROVIDER_NAVER: { ko: "네이버", en: "Naver" },
};

export const tokenEntryKindLabels: Labels<typeof TokenEntryKind> = {
  TOKEN_ENTRY_KIND_CHARGE: { ko: "충전", en: "Charged" },
  TOKEN_ENTRY_KIND_SPEND: { ko: "사용", en: "Spent" },
  TOKEN_ENTRY_KIND_REFUND: { ko: "환불", en: "Given back" },
};

export const planOriginLabels: Labels<typeof PlanOrigin> = {
  PLAN_ORIGIN_MANUAL: { ko: "직접 작성", en: "Written" },
  PLAN_ORIGIN_PERSONALIZED: { ko: "맞춤 추천", en: "Personal" },
  PLAN_ORIGIN_TREND: { ko: "인기 추천", en: "Trend" },
  PLAN_ORIGIN_TASTE: { ko: "취향 추천", en: "Taste" },
};

export const recommendationTypeLabels: Labels<typeof RecommendationType> = {
  RECOMMENDATION_TYPE_PERSONALIZED: { ko: "맞춤 추천", en: "Personal" },
  RECOMMENDATION_TYPE_TREND: { ko: "인기 추천", en: "Trend" },
  RECOMMENDATION_TYPE_TASTE: { ko: "취향 추천", en: "Taste" },
};

export const recommendationStatusLabels: Labels<typeof RecommendationStatus> = {
  RECOMMENDATION_STATUS_REQUESTED: { ko: "요청됨", en: "Asked for" },
  RECOMMENDATION_STATUS_TOKEN_SPENT: { ko: "대기중", en: "Waiting" },
  RECOMMENDATION_STATUS_GENERATING: { ko: "작성중", en: "Being made" },
  RECOMMENDATION_STATUS_COMPLETED: { ko: "완료", en: "Done" },
  RECOMMENDATION_STATUS_REFUNDING: { ko: "환불중", en: "Token on its way back" },
  RECOMMENDATION_STATUS_FAILED: { ko: "실패", en: "Failed" },
  RECOMMENDATION_STATUS_REJECTED: { ko: "거절됨", en: "Rejected" },
};

export const notificationKindLabels: Labels<typeof NotificationKind> = {
  NOTIFICATION_KIND_PLAN_CREATED: { ko: "새 여행 계획", en: "New plan" },
  NOTIFICATION_KIND_FOLLOWED: { ko: "팔로우", en: "New follower" },
};

/** What the recipient reads; `{nickname}` is the actor's. */
export const notificationTexts: Labels<typeof NotificationKind> = {
  NOTIFICATION_KIND_PLAN_CREATED: {
    ko: "{nickname}님이 새 여행 계획을 만들었습니다",
    en: "{nickname} has a new travel plan",
  },
  NOTIFICATION_KIND_FOLLOWED: { ko: "{nickname}님이 회원님을 팔로우합니다", en: "{nickname} follows you" },
};
