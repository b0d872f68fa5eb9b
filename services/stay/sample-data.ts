// Fills an empty house through the gateway, as a host and three customers would. What is there already is left alone, so it may run
// again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/stay/sample-data.ts
import { randomUUID } from "node:crypto";
import { demanding } from "#mesh/local/demanding-rest.ts";
import { type Rest, rest } from "#mesh/local/rest.ts";

const rooms = [
  { roomName: "온돌방 Ondol", price: "49000" },
  { roomName: "더블룸 Double", price: "70000" },
  { roomName: "스위트룸 Suite", price: "150000" },
  { roomName: "펜트하우스 Penthouse", price: "320000" },
] as const;

/** What becomes of each reservation, so that every state is to be seen. */
const reservations = [
  { customerId: "kim", customerName: "김민준", roomName: rooms[1].roomName, fate: "is paid" },
  { customerId: "lee", customerName: "이서연", roomName: rooms[2].roomName, fate: "is cancelled after it was paid" },
  { customerId: "park", customerName: "박지훈", roomName: rooms[0].roomName, fate: "stays" },
] as const;

interface Room {
  readonly roomId: string;
  readonly roomName: string;
}

/** @param stay REST calls to stay's host of the gateway */
export async function fillHouse(stay: Rest): Promise<void> {
  const house = demanding(stay);
  const { rooms: known } = await house.get<{ rooms: Room[] }>("/v1/rooms?pageSize=1000");
  const idOf = new Map(known.map(({ roomId, roomName }) => [roomName, roomId]));
  for (const room of rooms) {
    if (!idOf.has(room.roomName)) idOf.set(room.roomName, (await house.post<Room>("/v1/rooms", room)).roomId);
  }
  for (const { fate, roomName, ...customer } of reservations) {
    const path = `/v1/reservations?customerId=${customer.customerId}`;
    const { reservations: earlier } = await house.get<{ reservations: unknown[] }>(path);
    if (earlier.length > 0) continue;
    // Reservation hears of a room by an event, a moment after its registration.
    const wish = { ...customer, roomId: idOf.get(roomName) };
    const made = await house.postWhenKnown<{ reservationNumber: string }>("/v1/reservations", wish);
    const { reservationNumber } = made;
    if (fate === "stays") continue;
    await house.post(`/v1/reservations/${reservationNumber}:pay`, { requestId: randomUUID() });
    if (fate !== "is paid")
      await house.post(`/v1/reservations/${reservationNumber}:cancel`, { requestId: randomUUID() });
  }
}

if (import.meta.main) await fillHouse(rest(process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080", "stay.localhost"));
