// Fills an empty system through the gateway, as hosts and three guests would. What is there already is left alone, so it may run again and
// again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/bnb/sample-data.ts
import { randomUUID } from "node:crypto";
import { listAll } from "#mesh/demo/list-all.ts";
import { demanding } from "#mesh/local/demanding-rest.ts";
import { type Rest, rest } from "#mesh/local/rest.ts";

/** What becomes of each room, so that every state is to be seen. */
const rooms = [
  { desc: "Beautiful House", price: "120000", hostId: "han", guestId: "kim", fate: "is reviewed" },
  { desc: "한옥 사랑채", price: "90000", hostId: "han", guestId: "lee", fate: "stays reserved" },
  { desc: "Sea view in Sokcho", price: "150000", hostId: "choi", guestId: "park", fate: "is cancelled" },
  { desc: "Attic in Hongdae", price: "60000", hostId: "choi", guestId: "", fate: "stays free" },
  { desc: "Villa on Jeju, being painted", price: "0", hostId: "choi", guestId: "", fate: "stays free" },
] as const;

interface Room {
  readonly roomId: string;
  readonly desc: string;
}

/** @param bnb REST calls to bnb's host of the gateway */
export async function fillRooms(bnb: Rest): Promise<void> {
  const host = demanding(bnb);
  const known = new Set((await listAll<Room>(host, "/v1/rooms", "rooms")).map(({ desc }) => desc));
  for (const { guestId, fate, ...room } of rooms) {
    if (known.has(room.desc)) continue;
    const { roomId } = await host.post<Room>("/v1/rooms", room);
    if (fate === "stays free") continue;
    const { rsvId } = await host.post<{ rsvId: string }>(`/v1/reservations?requestId=${randomUUID()}`, {
      roomId,
      guestId,
    });
    if (fate === "is cancelled") await host.post(`/v1/reservations/${rsvId}:cancel`, {});
    if (fate !== "is reviewed") continue;
    // Room hears of a stay by an event, a moment after the reservation.
    await host.wait<{ status: string }>(`/v1/rooms/${roomId}`, ({ status }) => status === "ROOM_STATUS_RESERVED");
    await host.post("/v1/reviews", { roomId, guestId, content: "조용하고 깨끗했어요.", rating: 5 });
  }
}

if (import.meta.main) await fillRooms(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "bnb.localhost"));
