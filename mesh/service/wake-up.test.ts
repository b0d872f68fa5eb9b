import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { WakeUp } from "./wake-up.ts";

const longMs = 60_000;

it("ends a wait when it rings, and when the time is over", async () => {
  const bell = new WakeUp();
  const waits = bell.wait(longMs);
  bell.ring();
  await waits;
  expect(bell.rung).toBe(false);
  await bell.wait(1);
});

it("keeps a ring for the next wait, once", async () => {
  const bell = new WakeUp();
  bell.ring();
  bell.ring();
  await bell.wait(longMs);
  expect(await Promise.race([bell.wait(longMs).then(() => "rung"), sleep(20, "silent")])).toBe("silent");
  bell.ring();
});

it("ends a wait that began while another did, whose time is over meanwhile", async () => {
  const bell = new WakeUp();
  const first = bell.wait(5);
  const second = bell.wait(longMs);
  await first;
  bell.ring();
  expect(await Promise.race([second.then(() => "rung"), sleep(500, "silent")])).toBe("rung");
});
