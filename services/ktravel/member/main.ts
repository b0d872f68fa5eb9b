import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/ktravel/member/client.ts";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { openAuthenticator } from "#mesh/service/authenticator.ts";
import { env } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { housekeeping } from "./housekeeping.ts";
import { KeyRing } from "./key-ring.ts";
import { httpPayments } from "./payments.ts";
import { finishCharges } from "./recovery.ts";
import { authRpc } from "./rpc/auth.ts";
import { memberRpc } from "./rpc/member.ts";
import { tokenRpc } from "./rpc/token.ts";
import { readMemberSettings } from "./settings.ts";
import { MemberStore } from "./store.ts";

const { paymentUrl, ...settings } = readMemberSettings();
const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter, errorFormat: "minimal" }),
  store: (db) => new MemberStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const issuer = env("TOKEN_ISSUER");
const keys = new KeyRing({ database, sealer: settings.sealer, issuer, audience: env("TOKEN_AUDIENCE") });
const parts = { ...settings, database, keys, payments: httpPayments(paymentUrl) };

await serve({
  name: "member.ktravel",
  services: [
    implement(AuthServiceService, authRpc(parts)),
    implement(MemberServiceService, memberRpc(parts)),
    implement(TokenServiceService, tokenRpc(parts)),
  ],
  database,
  authenticator: openAuthenticator(async (context) => ({ keys: await keys.publicKeys(context) })),
  workers: [housekeeping(parts), finishCharges(parts)],
});
