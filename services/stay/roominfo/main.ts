import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/roominfo/client.ts";
import { RoomInfoServiceService } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { RoomInfoStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new RoomInfoStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "roominfo.stay",
  services: [implement(RoomInfoServiceService, rpc({ database }))],
  database,
  policies,
});
