import type { Database } from "#mesh/service/database.ts";
import { recovery, type Worker } from "#mesh/service/recovery.ts";
import type { KeyRing } from "./key-ring.ts";
import type { MemberStore } from "./store.ts";

/** Changes keys when it is time, and forgets logins and sessions that are over. */
export function housekeeping({ database, keys }: { database: Database<MemberStore>; keys: KeyRing }): Worker {
  const everyMs = 60_000;
  return recovery(
    "housekeeping",
    async (context) => {
      await keys.rotate(context);
      await database.transaction(context, ({ store }) => store.purge(new Date()));
      return false;
    },
    { everyMs },
  );
}
