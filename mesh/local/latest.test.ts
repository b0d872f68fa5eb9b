import { expect, it } from "vitest";
import { Latest } from "./latest.ts";

it("runs one at a time, and only the newest of those that wait", async () => {
  const ran: number[] = [];
  let running = 0;
  const latest = new Latest(async (input: number) => {
    expect(++running).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    ran.push(input);
    running--;
    return input;
  });
  const first = latest.run(1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const others = [latest.run(2), latest.run(3), latest.run(4)];
  expect(await Promise.all([first, ...others])).toEqual([1, 4, 4, 4]);
  expect(ran).toEqual([1, 4]);
  await latest.idle();
});

it("tells all who wait when it fails, and goes on", async () => {
  const latest = new Latest(async (input: number) => {
    if (input === 1) throw new Error("no");
    return input;
  });
  const failing = [latest.run(1), latest.run(1)];
  await expect(Promise.allSettled(failing)).resolves.toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  expect(await latest.run(2)).toBe(2);
});
