import type { Kind } from "./places.ts";

/** How a group travels. */
export type Comfort = "thrifty" | "regular" | "comfortable";

export interface Spending {
  readonly days: number;
  readonly groupSize: number;
  /** Of the places that are visited. */
  readonly kinds: readonly Kind[];
}

/** In won. */
export interface Cost {
  readonly perPerson: bigint;
  readonly total: bigint;
}

// Rules of thumb, in won: what a day's meals and local transport cost a person, and a night in a room for two.
const rates: Readonly<Record<Comfort, { readonly day: number; readonly room: number }>> = {
  thrifty: { day: 35_000, room: 50_000 },
  regular: { day: 60_000, room: 110_000 },
  comfortable: { day: 130_000, room: 250_000 },
};

/** A rule of thumb for an entrance, in won a person. */
const entrance: Readonly<Record<Kind, number>> = {
  history: 3_000,
  nature: 0,
  beach: 0,
  view: 12_000,
  market: 0,
  museum: 8_000,
  street: 0,
  park: 0,
};

const roundedTo = 10_000;

/** What a trip costs, without the way there and back, rounded up. */
export function costOf({ days, groupSize, kinds }: Spending, comfort: Comfort): Cost {
  const { day, room } = rates[comfort];
  const rooms = Math.ceil(groupSize / 2);
  const entrances = kinds.reduce((sum, kind) => sum + entrance[kind], 0);
  const total = groupSize * (days * day + entrances) + rooms * (days - 1) * room;
  const rounded = Math.ceil(total / roundedTo) * roundedTo;
  return { perPerson: BigInt(Math.ceil(rounded / groupSize / 1000) * 1000), total: BigInt(rounded) };
}

/** The best that the budget allows, thrifty at least. An open budget (0n) is regular. */
export function chooseComfort(spending: Spending, budget: bigint): Comfort {
  if (budget === 0n) return "regular";
  const choices: readonly Comfort[] = ["comfortable", "regular"];
  return choices.find((comfort) => costOf(spending, comfort).total <= budget) ?? "thrifty";
}
