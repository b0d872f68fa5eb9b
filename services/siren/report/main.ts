import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/siren/report/client.ts";
import { ReportServiceService } from "#gen/proto/siren/report/v1/report.ts";
import { env } from "#mesh/service/config.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { ReportStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ReportStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});
const greeting = env("GREETING", "");

await serve({
  name: "report.siren",
  services: [implement(ReportServiceService, rpc({ database, greeting }))],
  database,
  policies,
});
