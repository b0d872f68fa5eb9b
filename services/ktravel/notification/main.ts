import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/ktravel/notification/client.ts";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { NotificationServiceService } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { openAuthenticator, tokenRefusals } from "#mesh/service/authenticator.ts";
import { connect } from "#mesh/service/client.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { NotificationStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter, errorFormat: "minimal" }),
  store: (db) => new NotificationStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const auth = connect(AuthServiceService, "member.ktravel:50051", { unavailable: tokenRefusals.KEYS_UNAVAILABLE });

await serve({
  name: "notification.ktravel",
  services: [implement(NotificationServiceService, rpc({ database }))],
  database,
  policies,
  authenticator: openAuthenticator((context) => auth.getJwks({}, context)),
});
