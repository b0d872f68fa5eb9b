import { describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { InFlight } from "./in-flight.ts";

const message = (aggregate: string, name = aggregate) => ({ name, headers: { get: () => aggregate } });

/** Handlers that end when they are told to. */
function stage(options: { inHand: number; atOnce: number }) {
  const inFlight = new InFlight<ReturnType<typeof message>>(options);
  const begun: string[] = [];
  const releases = new Map<string, () => void>();
  const add = (aggregate: string, name = aggregate) =>
    inFlight.add(message(aggregate, name), (held) => {
      begun.push(held.name);
      return new Promise((resolve) => releases.set(held.name, resolve));
    });
  return { inFlight, begun, add, release: (name: string) => releases.get(name)?.() };
}

describe("deliveries in hand", () => {
  it("are worked on so many at a time, the next as soon as one is done", async () => {
    const { begun, add, release, inFlight } = stage({ inHand: 10, atOnce: 2 });
    for (const name of ["a", "b", "c"]) add(name);
    await eventually(() => begun.length === 2);
    expect(begun).toEqual(["a", "b"]);
    release("b");
    await eventually(() => begun.length === 3);
    for (const name of ["a", "c"]) release(name);
    await inFlight.empty();
  });

  it("of one aggregate follow each other, and do not hold up others", async () => {
    const { begun, add, release, inFlight } = stage({ inHand: 10, atOnce: 4 });
    add("a", "a1");
    add("a", "a2");
    add("b");
    await eventually(() => begun.length === 2);
    expect(begun).toEqual(["a1", "b"]);
    release("a1");
    await eventually(() => begun.includes("a2"));
    for (const name of ["a2", "b"]) release(name);
    await inFlight.empty();
  });

  it("are asked for by the half, never one by one", async () => {
    const { begun, add, release, inFlight } = stage({ inHand: 8, atOnce: 8 });
    const names = Array.from({ length: 8 }, (_, index) => `m${index}`);
    for (const name of names) add(name);
    await eventually(() => begun.length === 8);
    let room = 0;
    const waiting = inFlight.room().then((free) => {
      room = free;
    });
    for (const name of names.slice(0, 3)) release(name);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(room).toBe(0);
    release("m3");
    await waiting;
    expect(room).toBe(4);
    for (const name of names) release(name);
    await inFlight.empty();
  });
});
