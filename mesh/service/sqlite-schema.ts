import type { Migration } from "./mesh-schema.ts";

/** What has been applied; it stands beside the migrations themselves. */
export const createMigrations = `CREATE TABLE IF NOT EXISTS mesh_migrations (
  scope TEXT NOT NULL,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (scope, name)
)`;

/** The run time's own tables in a file of SQLite, which has no schemas: `mesh_outbox` is what `mesh.outbox` is in PostgreSQL. */
export const sqliteMigrations: readonly Migration[] = [
  {
    name: "0001_outbox_inbox_answers",
    sql: `
      CREATE TABLE mesh_outbox (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id TEXT NOT NULL UNIQUE,
        subject TEXT NOT NULL, -- without the prefix NS: order.Ordered
        type TEXT NOT NULL,
        source TEXT NOT NULL,
        time TEXT NOT NULL,
        aggregate_id TEXT NOT NULL,
        aggregate_version INTEGER NOT NULL,
        correlation_id TEXT NOT NULL,
        causation_id TEXT,
        traceparent TEXT NOT NULL,
        payload TEXT NOT NULL,
        sent_at TEXT
      );
      CREATE INDEX mesh_outbox_unsent ON mesh_outbox (position) WHERE sent_at IS NULL;

      CREATE TABLE mesh_inbox (
        event_id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
      );
      CREATE INDEX mesh_inbox_received_at ON mesh_inbox (received_at);

      CREATE TABLE mesh_answers (
        method TEXT NOT NULL,
        request_id TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        response BLOB NOT NULL,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        PRIMARY KEY (method, request_id)
      );
      CREATE INDEX mesh_answers_created_at ON mesh_answers (created_at);`,
  },
];
