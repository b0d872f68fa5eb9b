// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.

/** Five databases, and promotion's file. */
export interface Databases {
  readonly reservation: Queryable;
  readonly payment: Queryable;
  readonly promotion: Queryable;
  readonly room: Queryable;
  readonly notice: Queryable;
  readonly roominfo: Queryable;
}

export interface Queryable {
  query(sql: string): Promise<{ rows: unknown[] }>;
}

interface Reservation {
  readonly reservation_number: string;
  readonly room_id: string;
  readonly reserve_status: string;
  readonly payment_price: string;
  readonly payment_id: string | null;
  readonly coupon_id: string | null;
  readonly point: string;
}

interface Payment {
  readonly payment_id: string;
  readonly reservation_number: string;
  readonly payment_status: string;
  readonly promotion_state: string;
}

interface Promotion {
  readonly coupon_id: string;
  readonly payment_id: string;
  readonly payment_price: string | null;
  readonly point: string;
  readonly service: string;
  readonly state: string;
}

interface Page {
  readonly reservation_number: string;
  readonly payment_id: string | null;
  readonly payment_status: string | null;
  readonly coupon_id: string | null;
  readonly point: string;
  readonly cancelled: boolean;
}

interface Rows {
  readonly reservations: readonly Reservation[];
  readonly payments: readonly Payment[];
  readonly promotions: readonly Promotion[];
}

/** @returns a sentence for everything that is wrong; nothing when P1 to P5 hold and everything has come to its end */
export async function violations(databases: Databases): Promise<string[]> {
  const rows: Rows = {
    reservations: await rowsOf<Reservation>(databases.reservation, "SELECT * FROM reservation"),
    payments: await rowsOf<Payment>(databases.payment, "SELECT * FROM payment"),
    promotions: await rowsOf<Promotion>(databases.promotion, "SELECT * FROM promotion"),
  };
  return [
    ...unfinished(rows),
    ...wrongPromotions(rows),
    ...wrongRewards(rows),
    ...(await wrongEvents(rows, databases.promotion)),
    ...(await wrongRooms(rows, databases.room)),
    ...(await wrongPages(rows, databases.roominfo)),
    ...(await wrongNotices(rows, databases.notice)),
  ];
}

/** Every reservation is where its payment is, and knows its promotion. */
function unfinished({ reservations, payments, promotions }: Rows): string[] {
  const paymentOf = new Map(payments.map((payment) => [payment.reservation_number, payment]));
  const promotionOf = new Map(promotions.map((promotion) => [promotion.payment_id, promotion]));
  const wanted: Record<string, string> = { PAYMENT_COMPLETED: "PAID", CANCELLED: "CANCELLED" };
  return reservations.flatMap(({ reservation_number, reserve_status, coupon_id, point }) => {
    const payment = paymentOf.get(reservation_number);
    const name = `reservation ${reservation_number}`;
    if (reserve_status === "RESERVED")
      return payment?.payment_status === "PAID" ? [`${name} is paid and RESERVED`] : [];
    if (wanted[reserve_status] === undefined) return [`${name} is still ${reserve_status}`];
    if (payment?.payment_status !== wanted[reserve_status]) {
      return [`${name} is ${reserve_status}, its payment ${payment?.payment_status}`];
    }
    const promotion = promotionOf.get(payment.payment_id);
    const gift = promotion?.state === "GRANTED" ? [promotion.coupon_id, promotion.point] : [null, "0"];
    return String([coupon_id, point]) === String(gift) ? [] : [`${name} has ${coupon_id}, ${point} instead of ${gift}`];
  });
}

/** P1: a promotion is granted for each payment that is paid, and for no other. */
function wrongPromotions({ payments, promotions }: Rows): string[] {
  const stateOf = new Map(promotions.map(({ payment_id, state }) => [payment_id, state]));
  const unknown = promotions.filter(({ payment_id }) => !payments.some((payment) => payment.payment_id === payment_id));
  return [
    ...unknown.map(({ coupon_id }) => `P1: promotion ${coupon_id} has no payment`),
    ...payments.flatMap(({ payment_id, payment_status, promotion_state }) => {
      const isPaid = payment_status === "PAID";
      const isGranted = stateOf.get(payment_id) === "GRANTED";
      const isSettled = promotion_state === (isPaid ? "GRANTED" : "NONE");
      if (isPaid === isGranted && isSettled) return [];
      return [
        `P1: payment ${payment_id} is ${payment_status}/${promotion_state}, its promotion ${stateOf.get(payment_id)}`,
      ];
    }),
  ];
}

/** P2: service and points follow the table. */
function wrongRewards({ promotions }: Rows): string[] {
  return promotions.flatMap(({ coupon_id, payment_price, point, service, state }) => {
    const price = Number(payment_price ?? 0);
    const granted = price >= 100_000 ? "DISCOUNT_COUPON" : price >= 50_000 ? "BEVERAGE" : "NONE";
    const wanted = state === "GRANTED" ? [granted, String(Math.floor(price / 10))] : ["NONE", "0"];
    return String([service, point]) === String(wanted)
      ? []
      : [`P2: promotion ${coupon_id} of ${price} is ${service}, ${point}`];
  });
}

/** P3: one PromotionSaved for each promotion that was granted. */
async function wrongEvents({ promotions }: Rows, promotion: Queryable): Promise<string[]> {
  const sql =
    "SELECT aggregate_id FROM mesh_outbox WHERE subject = 'promotion.PromotionSaved' ORDER BY aggregate_id + 0";
  const saved = (await rowsOf<{ aggregate_id: string }>(promotion, sql)).map(({ aggregate_id }) => aggregate_id);
  const granted = promotions.filter(({ payment_price }) => payment_price !== null).map(({ coupon_id }) => coupon_id);
  return saved.join() === granted.join() ? [] : [`P3: granted were ${granted}, told ${saved}`];
}

/** P4: a room has at most one reservation that is not cancelled, and shows it. */
async function wrongRooms({ reservations }: Rows, room: Queryable): Promise<string[]> {
  const rooms = await rowsOf<{ room_id: string; room_status: string }>(room, "SELECT room_id, room_status FROM room");
  return rooms.flatMap(({ room_id, room_status }) => {
    const standing = reservations.filter((each) => each.room_id === room_id && each.reserve_status !== "CANCELLED");
    if (standing.length > 1) return [`P4: room ${room_id} has ${standing.length} reservations`];
    const wanted = standing.length === 1 ? "RESERVED" : "AVAILABLE";
    return room_status === wanted ? [] : [`P4: room ${room_id} is ${room_status}, should be ${wanted}`];
  });
}

/** P5: every page shows what its sources say. */
async function wrongPages({ reservations, payments, promotions }: Rows, roominfo: Queryable): Promise<string[]> {
  const pages = await rowsOf<Page>(roominfo, "SELECT * FROM room_info");
  const pageOf = new Map(pages.map((page) => [page.reservation_number, page]));
  return reservations.flatMap(({ reservation_number, reserve_status }) => {
    const payment = payments.find((each) => each.reservation_number === reservation_number);
    const promotion = promotions.find((each) => each.payment_id === payment?.payment_id && each.payment_price !== null);
    // What was never paid and what was never granted is told by no event.
    const isTold = payment?.payment_status === "PAID" || promotion !== undefined;
    const page = pageOf.get(reservation_number);
    const shown = [page?.cancelled, page?.coupon_id ?? null, page?.point];
    const wanted = [reserve_status === "CANCELLED", promotion?.coupon_id ?? null, promotion?.point ?? "0"];
    const isPaymentShown =
      !isTold || (page?.payment_id === payment?.payment_id && page?.payment_status === payment?.payment_status);
    if (String(shown) === String(wanted) && isPaymentShown) return [];
    return [
      `P5: reservation ${reservation_number} is ${wanted}, ${payment?.payment_status}, its page ${shown}, ${page?.payment_status}`,
    ];
  });
}

/** One notice for each thing that happened. */
async function wrongNotices({ reservations, payments, promotions }: Rows, notice: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ reservation_number: string; kind: string }>(
    notice,
    "SELECT reservation_number, kind FROM notice",
  );
  return reservations.flatMap(({ reservation_number, reserve_status }) => {
    const payment = payments.find((each) => each.reservation_number === reservation_number);
    const promotion = promotions.find((each) => each.payment_id === payment?.payment_id && each.payment_price !== null);
    const wanted = ["RESERVATION_PLACED"];
    if (promotion) wanted.push("PROMOTION_SAVED");
    if (promotion?.state === "REVOKED") wanted.push("PROMOTION_REVOKED");
    if (reserve_status === "CANCELLED") wanted.push("RESERVATION_CANCELLED");
    const sent = rows.filter((row) => row.reservation_number === reservation_number).map(({ kind }) => kind);
    const isRight = sent.sort().join() === wanted.sort().join();
    return isRight ? [] : [`reservation ${reservation_number} should have the notices ${wanted}, has ${sent}`];
  });
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
