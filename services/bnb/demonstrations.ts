// The demonstrations of the document that run on this laptop, for `mesh demo bnb/...`.
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { succeeded } from "#mesh/demo/figures.ts";
import { lossOf, lost } from "#mesh/demo/lost.ts";
import { reasonOf } from "#mesh/demo/reasons.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import { violations } from "./invariants.ts";

/** What the document's hosts register, again and again. */
const house = { desc: "Beautiful House3" };

const circuitBreaker: Demonstration = {
  id: "B-2",
  name: "circuit-breaker",
  shows: "a DestinationRule that lets one request wait for a connection: one host is served, two refuse each other",
  document:
    "DestinationRule dr-room: http1MaxPendingRequests 1, maxRequestsPerConnection 1. siege -c1: all 201. -c2: 168 of 2072 are 503. Back to -c1: all 201.",
  async run(stage) {
    await stage.apply("circuit-breaker");
    const register = () => stage.rest("POST", "/rooms", house);
    const alone = { concurrency: 1, seconds: 10, call: register };
    const first = await stage.load({ ...alone, title: "one host", document: { failed: 0, availabilityPercent: 100 } });
    stage.check("one host is never refused", first.figures.failed === 0, `${first.figures.failed}`);
    const both = await stage.load({
      title: "two hosts",
      concurrency: 2,
      seconds: 10,
      call: register,
      document: { successful: 1904, failed: 168, availabilityPercent: 91.89, transactionsPerS: 192.52, longestS: 0.03 },
      until: (answers) => answers.some(succeeded) && answers.some(({ status }) => status === 503),
    });
    const refused = both.answers.filter((answer) => !succeeded(answer));
    stage.check("two hosts: some are refused", refused.length > 0, `${refused.length}`);
    stage.check("and some are served", both.figures.successful > 0, `${both.figures.successful}`);
    const statuses = [...new Set(refused.map(({ status }) => status))];
    stage.check("every refusal is a 503", statuses.join() === "503", statuses.join(", "));
    const again = await stage.load({
      ...alone,
      title: "one host again",
      document: { successful: 1139, failed: 0, availabilityPercent: 100, transactionsPerS: 123.94, longestS: 0.04 },
    });
    stage.check("alone again, never refused", again.figures.failed === 0, `${again.figures.failed}`);
  },
};

const zeroDowntime: Demonstration = {
  id: "B-4",
  name: "zero-downtime",
  shows: "a rollout under load loses requests when nobody asks whether the new replica is ready, and none with a probe",
  document:
    "siege -c100 POST /rooms during kubectl set image. Without readiness probe 7732 ok, 1123 failed (siege stops at 1024 failures); with it 27657 hits, none failed.",
  async run(stage) {
    const load = {
      concurrency: 100,
      seconds: 60,
      call: () => stage.rest("POST", "/rooms", house),
      meanwhile: () => stage.restart("room"),
    };
    await stage.apply("without-readiness");
    const without = await stage.load({
      ...load,
      title: "a rollout without readiness probe",
      document: { successful: 7732, failed: 1123, availabilityPercent: 87.32, transactionsPerS: 451.64 },
    });
    stage.check(
      "without a readiness probe requests are lost",
      lost(without.answers).length > 0,
      lossOf(without.answers),
    );
    await stage.apply("zero-downtime");
    const withProbe = await stage.load({
      ...load,
      title: "a rollout with readiness probe",
      document: { successful: 27_657, failed: 0, availabilityPercent: 100, transactionsPerS: 465.53, longestS: 1.2 },
    });
    stage.check("with one none is", lost(withProbe.answers).length === 0, lossOf(withProbe.answers));
  },
};

const coupling: Demonstration = {
  id: "B-7",
  name: "coupling",
  shows: "who is asked within the call couples, and whoever hears of it by an event does not",
  document: "sync, async, fallback: headings without text.",
  async run(stage) {
    const roomId = await registerRoom(stage);
    const wish = { roomId, guestId: `guest-${Date.now()}` };
    const reserve = () => stage.rest("POST", "/reservations", wish);

    await stage.scale("payment", 0);
    // Room is asked first, and may be too late on a busy machine.
    await stage.eventually("without payment nothing is reserved", async () => {
      return reasonOf(await reserve()) === "PAYMENT_UNAVAILABLE";
    });
    await stage.scale("payment", 1);
    await stage.eventually("the attempt is rejected when payment has said that nothing is paid", async () => {
      const [newest] = await reservationsOf(stage, roomId);
      return newest?.status === "RESERVATION_STATUS_REJECTED";
    });
    const { rsvId } = await stage.eventually("and the room can be reserved", async () => {
      const answer = await reserve();
      return answer.status === 200 && (answer.body as Reservation);
    });
    await stage.eventually("room knows", () => roomIs(stage, roomId, "ROOM_STATUS_RESERVED"));

    await stage.scale("room", 0);
    await stage.scale("message", 0);
    const unchecked = await reserve();
    stage.check("the room is kept for its guest", reasonOf(unchecked) === "ROOM_NOT_AVAILABLE", reasonOf(unchecked));
    await stage.api.post(`/v1/reservations/${rsvId}:cancel`, {});
    await stage.eventually("without room and message a cancel goes through, and the money is back", async () => {
      const { rsvStatus, payStatus } = await stage.api.get<Page>(`/roomviews/${roomId}`);
      return rsvStatus === "RESERVATION_STATUS_CANCELLED" && payStatus === "PAYMENT_STATUS_CANCELLED";
    });
    const alone = await reserve();
    stage.check("without room nothing is reserved", reasonOf(alone) === "ROOM_UNAVAILABLE", reasonOf(alone));
    await stage.scale("room", 1);
    await stage.scale("message", 1);
    await stage.eventually("room catches up", () => roomIs(stage, roomId, "ROOM_STATUS_AVAILABLE"));
    await stage.eventually("message catches up", async () => (await messagesOf(stage, rsvId)).length > 1);
    const messages = await messagesOf(stage, rsvId);
    stage.check("with exactly one message for each change", messages.length === 2, `${messages.length}`);
  },
};

export const system: DemonstratedSystem = {
  invariants: "B1 to B5",
  async violations(stage) {
    const [room, reservation, payment, message, viewpage] = [
      await stage.database("room"),
      await stage.database("reservation"),
      await stage.database("payment"),
      await stage.database("message"),
      await stage.database("viewpage"),
    ];
    return violations({ room, reservation, payment, message, viewpage });
  },
  demonstrations: [circuitBreaker, zeroDowntime, coupling],
};

interface Reservation {
  readonly rsvId: string;
  readonly status: string;
}

interface Page {
  readonly rsvStatus: string;
  readonly payStatus: string;
}

async function registerRoom(stage: Stage): Promise<string> {
  return (await stage.api.post<{ roomId: string }>("/rooms", { ...house, price: "1000" })).roomId;
}

async function roomIs(stage: Stage, roomId: string, status: string): Promise<boolean> {
  return (await stage.api.get<{ status: string }>(`/rooms/${roomId}`)).status === status;
}

async function reservationsOf(stage: Stage, roomId: string): Promise<Reservation[]> {
  return (await stage.api.get<{ reservations: Reservation[] }>(`/reservations?roomId=${roomId}`)).reservations;
}

async function messagesOf(stage: Stage, rsvId: string): Promise<object[]> {
  return (await stage.api.get<{ messages: object[] }>(`/messages?rsvId=${rsvId}`)).messages;
}
