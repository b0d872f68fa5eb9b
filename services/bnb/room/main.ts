import { join } from "node:path";
import { PrismaClient } from "#gen/prisma/bnb/room/client.ts";
import { ReviewServiceService } from "#gen/proto/bnb/room/v1/review.ts";
import { RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { reviewRpc } from "./review-rpc.ts";
import { rpc } from "./rpc.ts";
import { RoomStore } from "./store.ts";

const database = openDatabase({
  client: (adapter) => new PrismaClient({ adapter }),
  store: (db) => new RoomStore(db),
  migrations: join(import.meta.dirname, "migrations"),
});

await serve({
  name: "room.bnb",
  services: [
    implement(RoomServiceService, rpc({ database })),
    implement(ReviewServiceService, reviewRpc({ database })),
  ],
  database,
  policies,
});
