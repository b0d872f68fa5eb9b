import { expect, it } from "vitest";
import { NotificationKind } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { tellOfFollower, tellOfPlan } from "./domain.ts";

const occasion = { id: "event", time: new Date("2026-05-01T12:00:00Z") };

it("tells a follower of a plan, at the time of the plan", () => {
  const told = tellOfPlan({ planId: "plan", ownerId: "owner" }, "fan", occasion);
  expect(told).toEqual({
    notificationId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
    eventId: "event",
    recipientId: "fan",
    kind: NotificationKind.NOTIFICATION_KIND_PLAN_CREATED,
    actorId: "owner",
    planId: "plan",
    createTime: occasion.time,
  });
  const later = tellOfPlan({ planId: "p", ownerId: "o" }, "fan", { ...occasion, time: new Date("2026-05-02") });
  expect(later.notificationId > told.notificationId).toBe(true);
});

it("tells a member of a follower", () => {
  expect(tellOfFollower("fan", "star", occasion)).toMatchObject({
    kind: NotificationKind.NOTIFICATION_KIND_FOLLOWED,
    actorId: "fan",
    recipientId: "star",
    planId: undefined,
  });
});
