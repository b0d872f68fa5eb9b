// Fills an empty system through the gateway, as three members would who log in at the local provider. What is there already is left alone,
// so it may run again and again:
//
//   MESH_GATEWAY=http://127.0.0.1:8080 node services/ktravel/sample-data.ts
import { randomUUID } from "node:crypto";
import { type Rest, rest } from "#mesh/local/rest.ts";
import { type SignedIn, signIn } from "./sign-in.ts";

const plans = {
  kim: [
    {
      location: "부산",
      travelDate: "2027-05-01",
      budget: "600000",
      groupSize: 2,
      details: "해운대에서 수영하고 자갈치시장에서 저녁",
    },
    { location: "제주", groupSize: 4, details: "성산일출봉에서 일출 보기" },
  ],
  lee: [
    { location: "Paris", travelDate: "2027-09-10", groupSize: 2, details: "Louvre Museum, then a walk in Le Marais" },
  ],
  park: [{ location: "경주", groupSize: 3, details: "첨성대와 동궁과 월지 야경" }],
} as const;

type Name = keyof typeof plans;

interface Plan {
  readonly planId: string;
}

/** @param ktravel REST calls to ktravel's host of the gateway @param gateway `http://127.0.0.1:8080` */
export async function fillTravel(ktravel: Rest, gateway: string): Promise<void> {
  const logIn = (name: Name) => signIn(ktravel, { gateway, typed: `${name}@example.com` });
  const [kim, lee, park] = [await logIn("kim"), await logIn("lee"), await logIn("park")];
  for (const [member, nickname] of [
    [kim, "김여행"],
    [lee, "Lee"],
    [park, "박산책"],
  ] as const) {
    await member.rest("PATCH", `/v1/members/${member.memberId}`, { nickname });
  }
  const { plans: earlier } = await kim.api.get<{ plans: Plan[] }>("/v1/plans");
  if (earlier.length > 0) return;
  for (const follower of [lee, park]) await follower.api.ensure("/v1/follows", { followeeId: kim.memberId });
  await kim.api.ensure("/v1/follows", { followeeId: lee.memberId });
  const [popular] = await write(kim, "kim");
  await write(lee, "lee");
  await write(park, "park");
  for (const fan of [lee, park]) await fan.api.post(`/v1/plans/${popular?.planId}:heart`, {});
  for (const member of [kim, lee, park])
    await member.api.post("/v1/tokens:charge", { amount: 10, requestId: randomUUID() });
  await recommend(lee);
}

/** Writes a member's plans, and shares the first. */
async function write({ api }: SignedIn, name: Name): Promise<Plan[]> {
  const written: Plan[] = [];
  for (const plan of plans[name]) written.push(await api.post<Plan>("/v1/plans", plan));
  await api.post(`/v1/plans/${written[0]?.planId}:share`, {});
  return written;
}

/** One recommendation after the member's taste, for a day that is never over. */
async function recommend({ api }: SignedIn): Promise<void> {
  const type = "RECOMMENDATION_TYPE_TASTE";
  const wish = { type, location: "부산", travelDate: "2999-05-01", budget: "700000", groupSize: 2 };
  const { recommendationId } = await api.post<{ recommendationId: string }>("/v1/plans:recommend", {
    ...wish,
    requestId: randomUUID(),
  });
  await api.wait<{ status: string }>(
    `/v1/recommendations/${recommendationId}`,
    ({ status }) => status === "RECOMMENDATION_STATUS_COMPLETED",
  );
}

if (import.meta.main) {
  const gateway = process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080";
  await fillTravel(rest(gateway, "ktravel.localhost"), gateway);
}
