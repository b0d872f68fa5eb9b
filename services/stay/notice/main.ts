import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/notice/client.ts";
import { NoticeServiceService } from "#gen/proto/stay/notice/v1/notice.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { NoticeStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new NoticeStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "notice.stay",
  services: [implement(NoticeServiceService, rpc({ database }))],
  database,
  policies,
});
