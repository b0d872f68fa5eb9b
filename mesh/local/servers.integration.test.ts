import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { startNats } from "./nats.ts";
import { startPostgres } from "./postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "mesh-servers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("PostgreSQL", () => {
  it("keeps what was committed through kill -9, and starts again over the pid file left behind", async () => {
    const dataDir = join(folder, "pg");
    const first = await startPostgres({ dataDir });
    await first.createDatabase("shop");
    await first.createDatabase("shop");
    await query(first.url("shop"), "CREATE TABLE item (id int); INSERT INTO item VALUES (7)");
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await startPostgres({ dataDir, port: first.port });
    expect(await query(second.url("shop"), "SELECT id FROM item")).toEqual([{ id: 7 }]);
    expect(await query(second.url("shop"), "SHOW fsync")).toEqual([{ fsync: "on" }]);
    expect(await query(second.url("shop"), "SHOW max_connections")).toEqual([{ max_connections: "400" }]);
    await second.stop();
    // A pid that is some other program's now.
    writeFileSync(join(dataDir, "postmaster.pid"), `${process.pid}\n${dataDir}\n`);
    const third = await startPostgres({ dataDir });
    expect(await query(third.url("shop"), "SELECT id FROM item")).toEqual([{ id: 7 }]);
    await third.stop();
    expect(() => process.kill(third.pid, 0)).toThrow();
  });

  it("takes a folder over from a server that an earlier run left running", async () => {
    const dataDir = join(folder, "pg-orphan");
    const orphan = await startPostgres({ dataDir });
    const next = await startPostgres({ dataDir });
    await orphan.exited;
    expect(await query(next.url("postgres"), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await next.stop();
  });

  it("says that a port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    const address = await new Promise((resolve) => other.once("listening", () => resolve(other.address())));
    const port = typeof address === "object" && address && "port" in address ? Number(address.port) : 0;
    await expect(startPostgres({ dataDir: join(folder, "pg-orphan"), port })).rejects.toThrow(
      `port ${port}: it is taken`,
    );
    await expect(startNats({ dataDir: join(folder, "nats-taken"), port })).rejects.toThrow(`port ${port}: it is taken`);
    other.close();
  });

  it.runIf(process.getuid?.() === 0)(
    "as root runs in an open folder and says so when a closed one is impossible",
    async () => {
      const open = mkdtempSync(join(tmpdir(), "mesh-open-"));
      chmodSync(open, 0o755);
      const server = await startPostgres({ dataDir: join(open, "pg") });
      expect(statSync(join(open, "pg")).uid).not.toBe(0);
      await server.stop();
      chmodSync(open, 0o700);
      // What is owned by the other user already cannot be used from a namespace.
      await expect(startPostgres({ dataDir: join(open, "pg") })).rejects.toThrow(`${open} is closed to others`);
      rmSync(open, { recursive: true });
    },
  );
});

describe("NATS", () => {
  it("keeps its streams through kill -9 on the same port", async () => {
    const dataDir = join(folder, "nats");
    const first = await startNats({ dataDir });
    const before = await connect({ servers: first.url });
    await (await jetstreamManager(before)).streams.add({ name: "shop", subjects: ["shop.>"] });
    await jetstream(before).publish("shop.a", "one");
    await before.close();
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await startNats({ dataDir, port: first.port });
    expect(second.port).toBe(first.port);
    const after = await connect({ servers: second.url });
    const { state } = await (await jetstreamManager(after)).streams.info("shop");
    expect(state.messages).toBe(1);
    await after.close();
    expect((await fetch(`${second.monitorUrl}/jsz`)).status).toBe(200);
    await second.stop();
    expect(() => process.kill(second.pid, 0)).toThrow();
  });
});
