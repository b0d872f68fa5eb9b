import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/ktravel/plan/client.ts";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { PlanServiceService } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { openAuthenticator, tokenRefusals } from "#mesh/service/authenticator.ts";
import { connect } from "#mesh/service/client.ts";
import { envInteger } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { memberFailures } from "./errors.ts";
import { openGenerator } from "./open-generator.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { PlanStore } from "./store.ts";
import { openWorkers } from "./workers.ts";

// An error of Prisma's would show what was to be stored, which is what members wrote.
const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter, errorFormat: "minimal" }),
  store: (db) => new PlanStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const auth = connect(AuthServiceService, "member.ktravel:50051", { unavailable: tokenRefusals.KEYS_UNAVAILABLE });
const token = connect(TokenServiceService, "member.ktravel:50051", memberFailures);
const { parts, workers } = openWorkers(
  { database, token, generator: openGenerator() },
  { count: envInteger("GENERATORS", 2), leaseMs: envInteger("GENERATION_LEASE_MS", 5_000) },
);

await serve({
  name: "plan.ktravel",
  services: [implement(PlanServiceService, rpc(parts))],
  database,
  policies,
  workers,
  authenticator: openAuthenticator((context) => auth.getJwks({}, context)),
});
