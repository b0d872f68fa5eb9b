import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/ktravel/follow/client.ts";
import { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { openAuthenticator, tokenRefusals } from "#mesh/service/authenticator.ts";
import { connect } from "#mesh/service/client.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { memberFailures } from "./errors.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { FollowStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter, errorFormat: "minimal" }),
  store: (db) => new FollowStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const auth = connect(AuthServiceService, "member.ktravel:50051", { unavailable: tokenRefusals.KEYS_UNAVAILABLE });
const member = connect(MemberServiceService, "member.ktravel:50051", memberFailures, { passToken: true });

await serve({
  name: "follow.ktravel",
  services: [implement(FollowServiceService, rpc({ database, member }))],
  database,
  policies,
  authenticator: openAuthenticator((context) => auth.getJwks({}, context)),
});
