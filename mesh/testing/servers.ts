import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Nats, startNats } from "#mesh/local/nats.ts";
import { type Postgres, startPostgres } from "#mesh/local/postgres.ts";
import { afterUs } from "./after-us.ts";
import { quietPort } from "./quiet-port.ts";

/** A PostgreSQL of a test's own. */
export interface TestPostgres extends AsyncDisposable {
  readonly pid: number;
  /** The URL of a database that nobody else uses; it is made by whoever migrates it. */
  freshUrl(): string;
  /** Kills the server as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, at the same port. */
  restart(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free port, in a folder that goes with it.
 *
 * @param fsync whether a commit waits for the disk. Default: no; what was committed survives a kill of the server all the same, and a test need not wait for
 * a disk that others keep busy
 */
export async function testPostgres({ fsync = false } = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-pg-"));
  const dataDir = join(folder, "data");
  const options = { dataDir, port: await quietPort(), fsync };
  let server: Postgres = await startPostgres(options);
  let callOff = endAfterUs(server.pid, folder);
  let databases = 0;
  return {
    get pid() {
      return server.pid;
    },
    freshUrl: () => server.url(`test_${++databases}`),
    async kill() {
      callOff();
      process.kill(server.pid, "SIGKILL");
      await server.exited;
    },
    async restart() {
      server = await startPostgres(options);
      callOff = endAfterUs(server.pid, folder);
    },
    async [Symbol.asyncDispose]() {
      callOff();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A NATS of a test's own. */
export interface TestNats extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts nats-server with JetStream on a free port, in a folder that goes with it. */
export async function testNats(): Promise<TestNats> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-nats-"));
  const dataDir = join(folder, "data");
  const options = { dataDir, port: await quietPort() };
  let server: Nats = await startNats(options);
  let callOff = endAfterUs(server.pid, folder);
  const { url } = server;
  return {
    get pid() {
      return server.pid;
    },
    url,
    async kill() {
      callOff();
      process.kill(server.pid, "SIGKILL");
      await server.exited;
    },
    async restart() {
      server = await startNats(options);
      callOff = endAfterUs(server.pid, folder);
    },
    async [Symbol.asyncDispose]() {
      callOff();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Should the tests be killed, their server and its folder go too. Both servers end in good order at SIGINT. */
function endAfterUs(pid: number, folder: string): () => void {
  return afterUs('kill -INT "$1"; sleep 1; rm -rf "$2"', String(pid), folder);
}
