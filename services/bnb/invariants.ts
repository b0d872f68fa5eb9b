// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.
/** The five databases. */
export interface Databases {
  readonly room: Queryable;
  readonly reservation: Queryable;
  readonly payment: Queryable;
  readonly message: Queryable;
  readonly viewpage: Queryable;
}

/** A database that can be asked. */
export interface Queryable {
  query(sql: string): Promise<{ readonly rows: unknown[] }>;
}

interface RoomRow {
  readonly room_id: string;
  readonly desc: string;
  readonly price: string;
  readonly status: string;
  readonly rsv_id: string | null;
  readonly review_cnt: number;
  readonly reviews: number;
  readonly last_review: string;
}

interface ReservationRow {
  readonly rsv_id: string;
  readonly room_id: string;
  readonly room_seq: string;
  readonly status: string;
  readonly pay_id: string | null;
}

interface PaymentRow {
  readonly rsv_id: string;
  readonly pay_id: string;
  readonly status: string;
}

const rooms = `SELECT room_id, "desc", price, status, rsv_id, review_cnt,
  (SELECT count(*)::int FROM review WHERE review.room_id = room.room_id) AS reviews,
  coalesce((SELECT content FROM review WHERE review.room_id = room.room_id ORDER BY review_id DESC LIMIT 1), '') AS last_review
  FROM room`;

const views = `SELECT room_id, "desc", price, status, review_cnt, last_review, rsv_id, rsv_status, pay_id, pay_status
  FROM room_view LEFT JOIN LATERAL (
    SELECT rsv_id, rsv_status, pay_id, pay_status FROM stay
    WHERE stay.room_id = room_view.room_id ORDER BY room_seq DESC LIMIT 1
  ) AS newest ON true WHERE status <> 'DELETED'`;

/** What a reservation in its last state means for its payment and for the messages to its guest. */
const ends: Readonly<Record<string, { readonly payment: readonly string[]; readonly messages: string }>> = {
  CONFIRMED: { payment: ["APPROVED"], messages: "RESERVED" },
  CANCELLED: { payment: ["CANCELLED"], messages: "CANCELLED RESERVED" },
  REJECTED: { payment: ["CANCELLED", "DECLINED", "none"], messages: "" },
};

/** @returns a sentence for everything that is wrong; nothing when B1 to B5 hold */
export async function violations(databases: Databases): Promise<string[]> {
  const reservations = await rowsOf<ReservationRow>(
    databases.reservation,
    "SELECT rsv_id, room_id, room_seq, status, pay_id FROM reservation",
  );
  const payments = await rowsOf<PaymentRow>(databases.payment, "SELECT rsv_id, pay_id, status FROM payment");
  const known = await rowsOf<RoomRow>(databases.room, rooms);
  return [
    ...unfinished(reservations),
    ...wrongRooms(reservations, known),
    ...wrongPayments(reservations, payments),
    ...(await wrongMessages(reservations, databases.message)),
    ...(await wrongViews({ reservations, payments, known }, databases.viewpage)),
    ...wrongCounts(known),
  ];
}

function unfinished(reservations: readonly ReservationRow[]): string[] {
  const open = reservations.filter(({ status }) => !(status in ends));
  return open.map(({ rsv_id, status }) => `reservation ${rsv_id} is still ${status}`);
}

/** B1: a room has one reservation that stands at most, and says so. */
function wrongRooms(reservations: readonly ReservationRow[], known: readonly RoomRow[]): string[] {
  const holders = new Map<string, string[]>();
  for (const { room_id, rsv_id, status } of reservations) {
    if (status === "CONFIRMED") holders.set(room_id, [...(holders.get(room_id) ?? []), rsv_id]);
  }
  return known.flatMap(({ room_id, status, rsv_id }) => {
    const having = holders.get(room_id) ?? [];
    if (having.length > 1) return [`B1: room ${room_id} has reservations ${having.join(", ")}`];
    const [holder = null] = having;
    if (holder === rsv_id && (rsv_id !== null) === (status === "RESERVED")) return [];
    return [`B1: room ${room_id} is ${status} for ${rsv_id}, but reservation ${holder} has it`];
  });
}

/** B2: what stands is paid, and nothing else is. */
export function wrongPayments(
  reservations: readonly Pick<ReservationRow, "rsv_id" | "status">[],
  payments: readonly Pick<PaymentRow, "rsv_id" | "status">[],
): string[] {
  const paidFor = new Map(payments.map(({ rsv_id, status }) => [rsv_id, status]));
  const wrong = reservations.flatMap(({ rsv_id, status }) => {
    const found = paidFor.get(rsv_id) ?? "none";
    if (ends[status]?.payment.includes(found)) return [];
    return [`B2: reservation ${rsv_id} is ${status}, its payment ${found}`];
  });
  const known = new Set(reservations.map(({ rsv_id }) => rsv_id));
  const stray = payments.filter(({ rsv_id, status }) => status === "APPROVED" && !known.has(rsv_id));
  return [...wrong, ...stray.map(({ rsv_id }) => `B2: there is no reservation ${rsv_id}, its payment is APPROVED`)];
}

/** B3: exactly one message for each change of a reservation. */
async function wrongMessages(reservations: readonly ReservationRow[], message: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ rsv_id: string; kind: string }>(message, "SELECT rsv_id, kind FROM message");
  const sent = new Map<string, string[]>();
  for (const { rsv_id, kind } of rows) sent.set(rsv_id, [...(sent.get(rsv_id) ?? []), kind]);
  return reservations.flatMap(({ rsv_id, status }) => {
    const found = (sent.get(rsv_id) ?? []).sort().join(" ");
    return found === ends[status]?.messages ? [] : [`B3: reservation ${rsv_id} is ${status}, its messages "${found}"`];
  });
}

interface Sources {
  readonly known: readonly RoomRow[];
  readonly reservations: readonly ReservationRow[];
  readonly payments: readonly PaymentRow[];
}

/** B4: the pages show what the others have stored. */
async function wrongViews(sources: Sources, viewpage: Queryable): Promise<string[]> {
  const shown = await rowsOf<Pick<RoomRow, "room_id">>(viewpage, views);
  const pages = new Map(shown.map((page) => [page.room_id, JSON.stringify(page)]));
  const wanted = pagesOf(sources);
  const wrong = wanted.filter((page) => pages.get(page.room_id) !== JSON.stringify(page));
  const surplus = pages.size - wanted.length;
  return [
    ...wrong.map((page) => `B4: the page should be ${JSON.stringify(page)}, it is ${pages.get(page.room_id)}`),
    ...(surplus > 0 && wrong.length === 0 ? [`B4: ${surplus} pages of rooms that do not exist`] : []),
  ];
}

function pagesOf({ known, reservations, payments }: Sources) {
  const paid = new Map(payments.map((payment) => [payment.rsv_id, payment]));
  const newest = new Map<string, ReservationRow>();
  for (const reservation of reservations) {
    const other = newest.get(reservation.room_id);
    const isNewer = !other || BigInt(reservation.room_seq) > BigInt(other.room_seq);
    if (reservation.pay_id !== null && isNewer) newest.set(reservation.room_id, reservation);
  }
  const listed = known.filter(({ status }) => status !== "DELETED");
  return listed.map(({ room_id, desc, price, status, review_cnt, last_review }) => {
    const reservation = newest.get(room_id);
    const payment = reservation && paid.get(reservation.rsv_id);
    return {
      ...{ room_id, desc, price, status, review_cnt, last_review },
      rsv_id: reservation?.rsv_id ?? null,
      rsv_status: reservation?.status ?? null,
      pay_id: payment?.pay_id ?? null,
      pay_status: payment?.status ?? null,
    };
  });
}

/** B5: a room counts its reviews. */
function wrongCounts(known: readonly RoomRow[]): string[] {
  return known.flatMap(({ room_id, review_cnt, reviews }) =>
    review_cnt === reviews ? [] : [`B5: room ${room_id} counts ${review_cnt} reviews and has ${reviews}`],
  );
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
