import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { RunningSystem } from "./system.ts";

/** Where a system may have told something: a log file, the events of a database, spans. */
export interface Told {
  /** `logs/ktravel/member/...log`, `events of ktravel_member` */
  readonly where: string;
  readonly text: string;
}

/**
 * Everything that a system has told since its start besides its answers: all log files (its own, the proxies', the servers'), and all events with their
 * headers.
 *
 * @param databases those that have outboxes: `ktravel_member`
 */
export async function everythingTold(system: RunningSystem, databases: readonly string[]): Promise<Told[]> {
  const state = join(system.folder, ".mesh");
  const files = globSync("logs/**/*", { cwd: state }).filter((path) => statSync(join(state, path)).isFile());
  const logs = files.map((where) => ({ where, text: readFileSync(join(state, where), "utf8") }));
  const events = await Promise.all(
    databases.map(async (name) => {
      const client = new pg.Client({ connectionString: await system.databaseUrl(name) });
      await client.connect();
      const { rows } = await client.query({ text: "SELECT o::text FROM mesh.outbox o", rowMode: "array" });
      await client.end();
      return { where: `events of ${name}`, text: rows.flat().join("\n") };
    }),
  );
  return [...logs, ...events];
}

/** Which of the secrets were told, and where: `logs/...log: what it is`. Also base64 and URL encodings of them are found. */
export function leaks(told: readonly Told[], secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([what, secret]) => {
    if (secret.length < 4) throw new Error(`${what} is too short to be looked for`);
    const forms = new Set([
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64").replace(/=+$/, ""),
      Buffer.from(secret).toString("base64url"),
      JSON.stringify(secret).slice(1, -1),
    ]);
    return told
      .filter(({ text }) => [...forms].some((form) => text.includes(form)))
      .map(({ where }) => `${where}: ${what}`);
  });
}
