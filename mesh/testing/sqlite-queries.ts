import { fileURLToPath } from "node:url";
import { SqliteConnection } from "#mesh/service/sqlite-file.ts";

/** As much of pg's pool as tests use, so that they can ask a file of SQLite what they ask PostgreSQL. */
export interface Queries {
  query(
    text: string | { readonly text: string; readonly values?: unknown[]; readonly rowMode: "array" },
    values?: unknown[],
    // biome-ignore lint/suspicious/noExplicitAny: rows are what a test says they are, as in pg.
  ): Promise<{ rows: any[] }>;
  end(): Promise<void>;
}

/**
 * SQL of PostgreSQL on a file: `mesh.outbox` is `mesh_outbox` there, `$1` is `?`, casts are left out, and numbers come as the text that pg makes of bigint.
 *
 * @param url `file:/path`
 */
export function sqliteQueries(url: string): Queries {
  const path = fileURLToPath(new URL(url));
  return {
    async query(query, values = []) {
      const { text, values: own = values, rowMode } = typeof query === "string" ? { text: query } : query;
      const connection = new SqliteConnection(path);
      try {
        return { rows: run(connection, translate(text, own), rowMode === "array") };
      } finally {
        connection.close();
      }
    },
    end: async () => {},
  };
}

interface Query {
  readonly sql: string;
  readonly args: (string | bigint)[];
  /** Of `count(*)::int`, which pg gives as a number. */
  readonly counts: boolean;
}

function translate(text: string, values: readonly unknown[]): Query {
  const args: (string | bigint)[] = [];
  const sql = text
    .replaceAll(/\bmesh\./g, "mesh_")
    .replaceAll(/::\w+/g, "")
    .replaceAll(/\bnow\(\)/g, "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")
    .replaceAll(/\$(\d+)/g, (_, number: string) => {
      const value = values[Number(number) - 1];
      args.push(typeof value === "bigint" ? value : String(value));
      return "?";
    });
  return { sql, args, counts: text.includes("::int") };
}

function run(connection: SqliteConnection, { sql, args, counts }: Query, asList: boolean): unknown[] {
  const { columns, rows } = connection.query(sql, args);
  const readable = rows.map((row) => row.map((value) => (typeof value === "bigint" ? shown(value, counts) : value)));
  if (asList) return readable;
  return readable.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
}

function shown(value: bigint, counts: boolean): string | number {
  return counts ? Number(value) : String(value);
}
