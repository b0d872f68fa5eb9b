import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/bnb/message/client.ts";
import { MessageServiceService } from "#gen/proto/bnb/message/v1/message.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { MessageStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new MessageStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "message.bnb",
  services: [implement(MessageServiceService, rpc({ database }))],
  database,
  policies,
});
