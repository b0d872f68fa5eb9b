// Plan, follow and notification inside a test's process, without proxies between them; member is in member/in-process.ts.
import { PrismaClient as FollowClient } from "#gen/prisma/ktravel/follow/client.ts";
import { PrismaClient as NotificationClient } from "#gen/prisma/ktravel/notification/client.ts";
import { PrismaClient as PlanClient } from "#gen/prisma/ktravel/plan/client.ts";
import { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { NotificationServiceService } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { PlanServiceService } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Authenticator } from "#mesh/service/authenticator.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { memberFailures as followFailures } from "./follow/errors.ts";
import { policies as followPolicies } from "./follow/policies.ts";
import { rpc as followRpc } from "./follow/rpc.ts";
import { FollowStore } from "./follow/store.ts";
import { policies as notificationPolicies } from "./notification/policies.ts";
import { rpc as notificationRpc } from "./notification/rpc.ts";
import { NotificationStore } from "./notification/store.ts";
import { memberFailures as planFailures } from "./plan/errors.ts";
import type { Generator } from "./plan/generator.ts";
import { planner } from "./plan/planner.ts";
import { policies as planPolicies } from "./plan/policies.ts";
import { rpc as planRpc } from "./plan/rpc.ts";
import { PlanStore } from "./plan/store.ts";
import { openWorkers } from "./plan/workers.ts";

export type { WithSql };

/** Who issues tokens, and where member listens. */
export interface Neighbours {
  readonly authenticator: Authenticator;
  readonly member: string;
}

/** Where nobody listens. */
export const nobody = "127.0.0.1:1";

export interface PlanOptions {
  /** Default: the built-in planner. */
  readonly generator?: Generator;
}

export function startPlan(
  place: Place,
  { authenticator, member }: Neighbours,
  { generator = planner }: PlanOptions = {},
): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "plan.ktravel",
      client: (adapter) => new PlanClient({ adapter, errorFormat: "minimal" }),
      store: (db) => new PlanStore(db),
    },
    (database) => {
      const token = connect(TokenServiceService, member, planFailures);
      const { parts, workers } = openWorkers({ database, token, generator }, { count: 2, leaseMs: 5_000 });
      const services = [implement(PlanServiceService, planRpc(parts))];
      return { services, policies: planPolicies, workers, authenticator };
    },
  );
}

export function startFollow(place: Place, { authenticator, member }: Neighbours): Promise<WithSql> {
  return databaseService(
    place,
    { name: "follow.ktravel", client: (adapter) => new FollowClient({ adapter }), store: (db) => new FollowStore(db) },
    (database) => {
      const parts = { database, member: connect(MemberServiceService, member, followFailures, { passToken: true }) };
      const services = [implement(FollowServiceService, followRpc(parts))];
      return { services, policies: followPolicies, authenticator };
    },
  );
}

export function startNotification(
  place: Place,
  { authenticator }: Pick<Neighbours, "authenticator">,
): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "notification.ktravel",
      client: (adapter) => new NotificationClient({ adapter }),
      store: (db) => new NotificationStore(db),
    },
    (database) => ({
      services: [implement(NotificationServiceService, notificationRpc({ database }))],
      policies: notificationPolicies,
      authenticator,
    }),
  );
}
