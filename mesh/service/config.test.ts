import { afterEach, describe, expect, it } from "vitest";
import { openChaos } from "./chaos.ts";
import { env, envBoolean, envInteger, envRange } from "./config.ts";

const name = "MESH_TEST_VARIABLE";
afterEach(() => {
  for (const variable of [name, "CHAOS_DELAY_MS", "CHAOS_BLOCK_MS"]) delete process.env[variable];
});

describe("the environment", () => {
  it("gives the default for what is unset or empty, and names what is missing", () => {
    expect(env(name, "x")).toBe("x");
    process.env[name] = "";
    expect(env(name, "x")).toBe("x");
    expect(() => env(name)).toThrow(name);
  });

  it.each(["4.5", "four", "4 ", "1e3"])("refuses %s as a number", (text) => {
    process.env[name] = text;
    expect(() => envInteger(name)).toThrow(name);
  });

  it("reads numbers, switches and spans", () => {
    process.env[name] = "-7";
    expect(envInteger(name)).toBe(-7);
    process.env[name] = "true";
    expect(envBoolean(name, false)).toBe(true);
    process.env[name] = "yes";
    expect(() => envBoolean(name, false)).toThrow(name);
    process.env[name] = "400-620";
    expect(envRange(name)).toEqual({ minMs: 400, maxMs: 620 });
    process.env[name] = "50";
    expect(envRange(name)).toEqual({ minMs: 50, maxMs: 50 });
    process.env[name] = "soon";
    expect(() => envRange(name)).toThrow(name);
  });
});

describe("chaos", () => {
  it("is off unless it is asked for", () => {
    expect(openChaos()).toBeUndefined();
  });

  it("delays without blocking, within its span", async () => {
    process.env["CHAOS_DELAY_MS"] = "30-60";
    const chaos = openChaos();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    const started = performance.now();
    await chaos?.();
    clearInterval(ticking);
    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
    expect(ticks).toBeGreaterThan(0);
  });

  it("blocks the event loop, so that probes go unanswered", async () => {
    process.env["CHAOS_BLOCK_MS"] = "40";
    const chaos = openChaos();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    const blocked = chaos?.();
    expect(ticks).toBe(0);
    await blocked;
    clearInterval(ticking);
  });
});
