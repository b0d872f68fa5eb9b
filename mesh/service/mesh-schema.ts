/** A migration: applied once, never edited afterwards. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The run time's own tables, in the schema `mesh` of each service's database, so that no service repeats them. */
export const meshMigrations: readonly Migration[] = [
  {
    name: "0001_outbox_inbox_answers",
    sql: `
      CREATE TABLE mesh.outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        subject text NOT NULL,
        type text NOT NULL,
        source text NOT NULL,
        time timestamptz NOT NULL,
        aggregate_id text NOT NULL,
        aggregate_version bigint NOT NULL,
        correlation_id text NOT NULL,
        causation_id text,
        traceparent text NOT NULL,
        payload text NOT NULL,
        sent_at timestamptz
      );
      COMMENT ON COLUMN mesh.outbox.subject IS 'without the prefix NS: order.Ordered';
      CREATE INDEX outbox_unsent ON mesh.outbox (position) WHERE sent_at IS NULL;

      CREATE TABLE mesh.inbox (
        event_id text PRIMARY KEY,
        type text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX inbox_received_at ON mesh.inbox (received_at);

      CREATE TABLE mesh.answers (
        method text NOT NULL,
        request_id uuid NOT NULL,
        fingerprint bytea NOT NULL,
        response bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (method, request_id)
      );
      CREATE INDEX answers_created_at ON mesh.answers (created_at);`,
  },
];
