// The run time on a file of SQLite: what service.integration.test.ts asks of PostgreSQL, as far as one process with one writer can show it.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { occurred, publishEvents } from "#mesh/testing/publish-event.ts";
import { readEvents } from "#mesh/testing/read-events.ts";
import { type TestNats, testNats } from "#mesh/testing/servers.ts";
import { registered, shopDatabase, shopMigrations } from "#mesh/testing/shop.ts";
import { register, startPublisher, startSubscriber } from "#mesh/testing/shop-services.ts";
import { testService } from "#mesh/testing/test-service.ts";
import { Code } from "./codes.ts";
import { listDeadLetters } from "./dead-letters.ts";
import { recovery } from "./recovery.ts";
import { SqliteAdapterFactory } from "./sqlite-adapter.ts";
import { SqliteConnection, SqliteFile } from "./sqlite-file.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

let nats: TestNats;
let folder: string;
beforeAll(async () => {
  nats = await testNats();
  folder = mkdtempSync(join(tmpdir(), "mesh-sqlite-"));
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const freshUrl = () => `file:${folder}/${++files}.db`;
let systems = 0;
const freshNs = () => `sqlite${++systems}`;
const place = (ns: string, url = freshUrl()) => ({ url, settings: { natsUrl: nats.url, ns } });

/** A second connection, as sqlite3 on the command line is one. */
function rowsIn(url: string, sql: string): readonly (readonly unknown[])[] {
  const connection = new SqliteConnection(new URL(url).pathname);
  try {
    return connection.query(sql).rows;
  } finally {
    connection.close();
  }
}

describe("request_id", () => {
  it("answers a repeat with the first answer, one after the other and all at once, and refuses another body", async () => {
    await using service = await startPublisher(place(freshNs()));
    const id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => register(service, "once", id)));
    answers.push(await register(service, "once", id));
    for (const answer of answers) expect(answer).toMatchObject({ code: Code.OK, response: answers[0]?.response });
    expect(await service.database.store.all()).toHaveLength(1);
    expect(rowsIn(service.database.url, "SELECT 1 FROM mesh_outbox")).toHaveLength(1);
    expect(await register(service, "twice", id)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });

  it("keeps nothing of a failure", async () => {
    let broken = true;
    await using service = await startPublisher(place(freshNs()), async () => {
      if (broken) throw new Error("broken");
    });
    const id = randomUUID();
    expect((await register(service, "again", id)).code).toBe(Code.INTERNAL);
    expect(await service.database.store.all()).toHaveLength(0);
    broken = false;
    expect((await register(service, "again", id)).code).toBe(Code.OK);
  });

  it("is purged after its time, as sent and applied events are", async () => {
    const ns = freshNs();
    await using service = await startPublisher(place(ns));
    await using report = await startSubscriber(place(ns));
    await register(service, "old", randomUUID());
    await eventually(async () => (await report.database.store.notes()).length === 1);
    await eventually(() => rowsIn(service.database.url, "SELECT 1 FROM mesh_outbox WHERE sent_at > ''").length === 1);
    const retention = { answerHours: 24, eventDays: 7 };
    const { storage, url } = service.database;
    expect(await storage.purge(retention)).toBe(0);
    rowsIn(url, "UPDATE mesh_answers SET created_at = '2026-01-01T00:00:00.000Z'");
    rowsIn(url, "UPDATE mesh_outbox SET sent_at = '2026-01-01T00:00:00.000Z'");
    rowsIn(report.database.url, "UPDATE mesh_inbox SET received_at = '2026-01-01T00:00:00.000Z'");
    expect([await storage.purge(retention), await report.database.storage.purge(retention)]).toEqual([2, 1]);
  });
});

describe("transactions", () => {
  it("wait for each other, and readers see what has been committed", async () => {
    const release = Promise.withResolvers<void>();
    let inside = 0;
    await using service = await startPublisher(place(freshNs()), () => {
      inside += 1;
      return release.promise;
    });
    const writes = ["a", "b", "c"].map((name) => register(service, name));
    await eventually(() => inside === 1);
    expect(await service.database.store.all()).toEqual([]);
    expect(inside).toBe(1);
    release.resolve();
    for (const { code } of await Promise.all(writes)) expect(code).toBe(Code.OK);
    expect((await service.database.store.all()).map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
  });

  it("keep numbers that JavaScript's own cannot hold", async () => {
    await using service = await startPublisher(place(freshNs()));
    const { store } = service.database;
    const { id } = await store.insert("dear", 9_007_199_254_740_993n);
    expect(await store.find(BigInt(id))).toMatchObject({ name: "dear", price: "9007199254740993", version: "1" });
    expect(await store.reprice(BigInt(id), 2n ** 63n - 1n, 1n)).toBe(true);
    expect(await store.reprice(BigInt(id), 1n, 1n)).toBe(false);
    expect((await store.find(BigInt(id)))?.price).toBe("9223372036854775807");
  });
});

describe("a transaction that has ended", () => {
  it("cannot roll back the next one", async () => {
    const file = new SqliteFile(join(folder, `${++files}.db`));
    const adapter = await new SqliteAdapterFactory(file).connect();
    await adapter.executeScript("CREATE TABLE name (name TEXT)");
    const first = await adapter.startTransaction();
    await first.commit();
    const second = await adapter.startTransaction();
    await second.executeRaw({ sql: "INSERT INTO name VALUES ('kept')", args: [], argTypes: [] });
    await first.rollback();
    await second.commit();
    expect(file.reader.query("SELECT * FROM name").rows).toEqual([["kept"]]);
    expect(() => file.reader.run("DELETE FROM name")).toThrow("readonly");
    await file.close();
  });
});

describe("events", () => {
  it("are applied once however often they are delivered, and a rebuilt stream changes nothing", async () => {
    const ns = freshNs();
    await using service = await startPublisher(place(ns));
    await using report = await startSubscriber(place(ns));
    for (const name of ["a", "b", "c"]) await register(service, name);
    await eventually(async () => (await report.database.store.notes()).length === 3);
    const before = await readEvents(nats.url, ns.toUpperCase(), `${ns}.>`);
    expect(await service.database.storage.outbox.rebuild()).toBe(3);
    await eventually(
      () => rowsIn(service.database.url, "SELECT 1 FROM mesh_outbox WHERE sent_at IS NULL").length === 0,
    );
    expect(await readEvents(nats.url, ns.toUpperCase(), `${ns}.>`)).toEqual(before); // The same ids: stored once.
    expect(await report.database.store.notes()).toEqual(["a/1/1", "b/1/2", "c/1/3"]);
  });

  it("flow again after NATS was away, and commands are taken meanwhile", async () => {
    const ns = freshNs();
    await using service = await startPublisher(place(ns));
    await using report = await startSubscriber(place(ns));
    await register(service, "before");
    await eventually(async () => (await report.database.store.notes()).length === 1);
    await nats.kill();
    expect((await register(service, "during")).code).toBe(Code.OK);
    await nats.restart();
    await eventually(async () => (await report.database.store.notes()).length === 2);
  });

  it("come again after a failure that left nothing behind", async () => {
    const ns = freshNs();
    let broken = true;
    await using service = await startPublisher(place(ns));
    await using report = await startSubscriber(place(ns), () => {
      if (broken) throw new Error("printer on fire");
    });
    await register(service, "unlucky");
    await eventually(() => report.lines.some(({ msg, againInMs }) => msg === "event failed" && againInMs === 1000));
    expect(rowsIn(report.database.url, "SELECT 1 FROM mesh_inbox")).toEqual([]);
    broken = false;
    await eventually(async () => (await report.database.store.notes()).length === 1);
  });

  it("that cannot be decoded become dead letters, which can be listed, and the next ones are applied", async () => {
    const ns = freshNs();
    const about = { aggregateId: 1n, aggregateVersion: 1n };
    const message = { productId: 1n, name: "good", price: 1n, status: 1 as const, version: 1n };
    const good = occurred(registered, message, about);
    await publishEvents(nats.url, ns, [{ ...occurred(registered, message, about), payload: "no JSON" }, good]);
    await using report = await startSubscriber(place(ns));
    await eventually(async () => (await report.database.store.notes()).length === 1);
    expect(rowsIn(report.database.url, "SELECT event_id FROM mesh_inbox")).toEqual([[good.eventId]]);
    const connection = await connect({ servers: nats.url });
    const letters = await eventually(async () => {
      const found = await listDeadLetters(connection, { ns, service: "report" });
      return found.length === 1 && found;
    });
    expect(letters).toMatchObject([{ service: "report", payload: "no JSON", deliveries: 1 }]);
    await connection.close();
  });

  it("are relayed by one process of two, and by the other once the first has gone", async () => {
    const [one, other] = [new SqliteStorage(freshUrl()), new SqliteStorage(`file:${folder}/${files}.db`)];
    await one.migrate(shopMigrations("sqlite"));
    const [first, second] = [one.outbox.session(), other.outbox.session()];
    await first.connect();
    await second.connect();
    expect(await first.lead()).toBe(true);
    expect(await second.lead()).toBe(false);
    await first.close();
    expect(await second.lead()).toBe(true);
    await second.close();
    await Promise.all([one.close(), other.close()]);
  });
});

describe("recovery", () => {
  it("claims a row in one transaction and finishes it once, while two workers look", async () => {
    const database = shopDatabase(freshUrl());
    const finished: string[] = [];
    const finish = (name: string) =>
      recovery(
        name,
        async (context) => {
          const claimed = await database.transaction(context, async ({ store }) => {
            const [row] = (await store.all()).filter(({ version }) => version === "1");
            return row && (await store.reprice(BigInt(row.id), 0n, 1n)) ? row.name : undefined;
          });
          if (claimed) finished.push(claimed);
          return claimed !== undefined;
        },
        { everyMs: 20 },
      );
    const workers = [finish("one"), finish("other")];
    await using _service = await testService({ name: "product.siren", services: [], database, workers });
    for (const name of ["a", "b", "c", "d"]) await database.store.insert(name, 1n);
    await eventually(() => finished.length === 4);
    expect(finished.sort()).toEqual(["a", "b", "c", "d"]);
    expect((await database.store.all()).map(({ version }) => version)).toEqual(["2", "2", "2", "2"]);
  });
});

describe("a file that is not there", () => {
  it("is waited for until its folder is, and is made", async () => {
    const missing = join(folder, "later");
    const starting = startPublisher(place(freshNs(), `file:${missing}/shop.db`));
    const outcome = await Promise.race([
      starting.then(() => "started"),
      new Promise((resolve) => setTimeout(resolve, 200, "waits")),
    ]);
    expect(outcome).toBe("waits");
    mkdirSync(missing);
    await using service = await starting;
    expect((await register(service, "there")).code).toBe(Code.OK);
  });
});

describe("a file that another process has locked", () => {
  it("is STORAGE_UNAVAILABLE, and works again afterwards", async () => {
    await using service = await startPublisher(place(freshNs()));
    const other = new SqliteConnection(new URL(service.database.url).pathname);
    other.script("BEGIN IMMEDIATE");
    expect(await register(service, "never")).toMatchObject({
      code: Code.UNAVAILABLE,
      reason: "STORAGE_UNAVAILABLE",
      retryAfterMs: 3000,
    });
    other.rollback();
    other.close();
    expect((await register(service, "after")).code).toBe(Code.OK);
  });

  it("is waited for, and everything else goes on meanwhile", async () => {
    await using service = await startPublisher(place(freshNs()));
    const other = new SqliteConnection(new URL(service.database.url).pathname);
    other.script("BEGIN IMMEDIATE");
    const waits = register(service, "soon");
    await sleep(200);
    expect(await service.database.store.all()).toEqual([]);
    expect(await service.database.storage.outbox.depth()).toBe(0);
    other.rollback();
    other.close();
    expect((await waits).code).toBe(Code.OK);
  });
});

describe("migrations", () => {
  it("are applied once, and one that was edited afterwards is refused", async () => {
    const url = freshUrl();
    const storage = new SqliteStorage(url);
    const migrations = shopMigrations("sqlite");
    await storage.migrate(migrations);
    await storage.migrate(migrations);
    expect(rowsIn(url, "SELECT scope, name FROM mesh_migrations ORDER BY 1")).toEqual([
      ["mesh", "0001_outbox_inbox_answers"],
      ["service", "0001_init"],
    ]);
    await expect(storage.migrate(shopMigrations("postgres"))).rejects.toThrow("edited after it was applied");
    await storage.close();
  });
});
