import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/stay/room/client.ts";
import { RoomServiceService } from "#gen/proto/stay/room/v1/room.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { RoomStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new RoomStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "room.stay",
  services: [implement(RoomServiceService, rpc({ database }))],
  database,
  policies,
});
