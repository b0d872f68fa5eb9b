// What must hold of members and tokens, read from the database alone. Tests and demonstrations ask.
import type pg from "pg";

export type Queryable = Pick<pg.Pool, "query">;

interface Rule {
  /** What is wrong; `{columns}` are filled in. */
  readonly says: string;
  readonly sql: string;
}

const rules: readonly Rule[] = [
  {
    says: "K2: member {member_id} has {balance} tokens, the entries sum up to {sum}",
    sql: `SELECT member_id, a.balance, e.sum FROM token_account a LEFT JOIN (
        SELECT member_id, sum(CASE kind WHEN 'SPEND' THEN -amount ELSE amount END) AS sum FROM token_entry GROUP BY member_id
      ) e USING (member_id) WHERE a.balance < 0 OR a.balance <> coalesce(e.sum, 0)`,
  },
  {
    says: "K1: {ref_id} was given back to {member_id}, who had not spent as much on it",
    sql: `SELECT r.ref_id, r.member_id FROM token_entry r LEFT JOIN token_entry s ON s.kind = 'SPEND' AND s.ref_id = r.ref_id
      AND s.member_id = r.member_id AND s.amount = r.amount WHERE r.kind = 'REFUND' AND s.entry_id IS NULL`,
  },
  {
    says: "K2: the charge {request_id} is booked, and still to be finished",
    sql: "SELECT c.request_id FROM charge c JOIN token_entry e ON e.kind = 'CHARGE' AND e.ref_id = c.request_id",
  },
  {
    says: "K1: {ref_id} was never to be spent on, and was",
    sql: "SELECT t.ref_id FROM tombstone t JOIN token_entry e ON e.ref_id = t.ref_id AND e.kind = 'SPEND'",
  },
  {
    says: "K2: account {member_id} has had {version} changes and {count} entries",
    sql: `SELECT member_id, a.version, count(e.entry_id) FROM token_account a LEFT JOIN token_entry e USING (member_id)
      GROUP BY member_id, a.version HAVING a.version <> count(e.entry_id)`,
  },
  {
    says: "member {member_id} has no account",
    sql: "SELECT member_id FROM member LEFT JOIN token_account USING (member_id) WHERE balance IS NULL",
  },
];

/** @param member member's database @returns a sentence for everything that is wrong; nothing when member's part of K1 and K2 hold */
export async function tokenViolations(member: Queryable): Promise<string[]> {
  const found = await Promise.all(rules.map(async ({ says, sql }) => ({ says, rows: (await member.query(sql)).rows })));
  return found.flatMap(({ says, rows }) =>
    rows.map((row) => says.replaceAll(/\{(\w+)\}/g, (_, name) => `${row[name]}`)),
  );
}
