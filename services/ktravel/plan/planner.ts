// The built-in generator: no network, no chance. The same wish gives the same plan, made of the places of places.ts.
import { createHash } from "node:crypto";
import { dayCount } from "./domain.ts";
import type { Draft, Generator, Wish } from "./generator.ts";
import { type City, distanceKm, findCity, type Kind, type Place, type Position } from "./places.ts";
import { type Comfort, type Cost, chooseComfort, costOf } from "./planner-budget.ts";
import { phrases } from "./planner-phrases.ts";

const placesADay = 3;

export const planner: Generator = {
  generate: async (wish, examples) => draft(wish, examples),
};

/** A plan for a wish. */
export function draft(wish: Wish, examples: readonly string[]): Draft {
  const days = dayCount(wish.details);
  const city = findCity(wish.location);
  const route = city ? routeThrough(city, choosePlaces(city, wish, examples, days * placesADay)) : [];
  const trip = { days, groupSize: wish.groupSize, kinds: route.map(({ kind }) => kind) };
  const comfort = chooseComfort(trip, wish.budget);
  const cost = costOf(trip, comfort);
  const budget = wish.budget > 0n ? wish.budget : cost.total;
  const { location, travelDate, groupSize } = wish;
  const details = write({ wish, city, route, days, comfort, cost, examples: examples.length });
  return { location, travelDate, groupSize, budget, details };
}

/** Words that tell what somebody likes. */
const liking: Readonly<Record<Kind, RegExp>> = {
  history: /역사|궁|사찰|절|유적|전통|histor|palace|temple|tradition/i,
  nature: /자연|산|숲|등산|폭포|nature|hik|mountain|forest/i,
  beach: /바다|해변|해수욕|수영|beach|sea|swim|surf/i,
  view: /야경|전망|일출|일몰|view|sunset|sunrise|night/i,
  market: /시장|맛집|음식|먹|market|food|eat|restaurant/i,
  museum: /박물관|미술관|전시|아이|museum|art|exhibit|kids|children/i,
  street: /거리|골목|카페|쇼핑|한옥|street|cafe|café|shopping|walk/i,
  park: /공원|산책|피크닉|호수|park|picnic|lake|stroll/i,
};

/** The places that fit best; equal ones in an order that the wish decides, so that another date brings other places. */
function choosePlaces(city: City, wish: Wish, examples: readonly string[], count: number): Place[] {
  const liked = examples.join("\n");
  const scored = city.places.map((place) => {
    const named = (text: string) => (text.includes(place.ko) || text.includes(place.en) ? 1 : 0);
    const likes = (text: string) => (liking[place.kind].test(text) ? 1 : 0);
    const score = 8 * named(wish.details) + 4 * likes(wish.details) + 2 * named(liked) + likes(liked);
    return { place, score, order: shuffleKey(`${wish.travelDate} ${place.en}`) };
  });
  scored.sort((a, b) => b.score - a.score || a.order.localeCompare(b.order));
  return scored.slice(0, count).map(({ place }) => place);
}

function shuffleKey(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The places in the order of a short way: always on to the nearest one, from the city's middle. */
function routeThrough(city: City, places: readonly Place[]): Place[] {
  const left = [...places];
  const route: Place[] = [];
  let here: Position = city;
  while (left.length > 0) {
    left.sort((a, b) => distanceKm(here, a) - distanceKm(here, b));
    const [next] = left.splice(0, 1);
    if (!next) break;
    route.push(next);
    here = next;
  }
  return route;
}

interface Trip {
  readonly wish: Wish;
  readonly city: City | undefined;
  readonly route: readonly Place[];
  readonly days: number;
  readonly comfort: Comfort;
  readonly cost: Cost;
  readonly examples: number;
}

function write(trip: Trip): string {
  const { wish, days, comfort, cost } = trip;
  const say = phrases[wish.language];
  const lines = [say.title(wish, days)];
  if (trip.examples > 0) lines.push(say.inspired(trip.examples, wish.type));
  if (!trip.city) lines.push(say.unknownCity(wish.location));
  for (let day = 0; day < days; day += 1) lines.push("", ...writeDay(trip, day));
  lines.push("", say.comfort(comfort), say.cost(cost, days));
  if (wish.budget > 0n && cost.total > wish.budget) lines.push(say.tight(wish.budget));
  if (wish.groupSize >= 8) lines.push(say.largeGroup);
  return lines.join("\n");
}

function writeDay({ wish, city, route, days }: Trip, day: number): string[] {
  const say = phrases[wish.language];
  const lines = [say.day(day + 1, dateOf(wish.travelDate, day))];
  // Days share the places evenly, so that a long trip in a small city has no empty end.
  const from = Math.floor((route.length * day) / days);
  const until = Math.floor((route.length * (day + 1)) / days);
  let before: Position | undefined;
  for (const [index, place] of route.slice(from, until).entries()) {
    lines.push(say.visit(index, place[wish.language], place.kind, before && distanceKm(before, place)));
    before = place;
  }
  if (!city) lines.push(...say.freeDay);
  else if (until - from < 2) lines.push(say.freeTime);
  return lines;
}

function dateOf(first: string, day: number): Date {
  const date = new Date(`${first}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + day);
  return date;
}
