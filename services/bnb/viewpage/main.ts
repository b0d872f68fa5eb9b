import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/bnb/viewpage/client.ts";
import { RoomViewServiceService } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { ViewStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new ViewStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "viewpage.bnb",
  services: [implement(RoomViewServiceService, rpc({ database }))],
  database,
  policies,
});
