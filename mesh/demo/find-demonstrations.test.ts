import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseDemonstration, findDemonstrations } from "./find-demonstrations.ts";

afterEach(() => vi.restoreAllMocks());

describe("the demonstrations of this repository", () => {
  it("are found by their place, each id and name once in its system", async () => {
    const found = await findDemonstrations();
    const ids = found.map(({ system, demonstration }) => `${system}/${demonstration.id}`);
    expect(ids).toEqual(expect.arrayContaining(["siren/S-1", "siren/S-4", "tword/T-4", "mall/M-7"]));
    const names = found.map(({ system, demonstration }) => `${system}/${demonstration.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(names).size).toBe(names.length);
    for (const { demonstration } of found) expect(demonstration.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it.each([
    ["tword/T-4", "tword", "T-4"],
    ["tword/t-4", "tword", "T-4"],
    ["tword/circuit-breaker", "tword", "T-4"],
    ["siren/circuit-breaker", "siren", "S-4"],
  ])("%s is chosen", async (name, system, id) => {
    expect(chooseDemonstration(await findDemonstrations(), name)).toMatchObject({ system, demonstration: { id } });
  });

  it.each([
    ["tea/T-4", /no demonstrations of "tea"; there are of .*siren/],
    ["tword/T-99", /"tword\/T-99" is no demonstration; there are tword\/T-1 \(correlation\)/],
    ["tword", /"tword" is no demonstration/],
  ])("%s is refused with what there is", async (name, message) => {
    const found = await findDemonstrations();
    expect(() => chooseDemonstration(found, name)).toThrow(message);
  });
});

it("says so where there are no services", async () => {
  const folder = mkdtempSync(join(tmpdir(), "no-services-"));
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  await expect(findDemonstrations()).rejects.toThrow(/there are no demonstrations: .*services/);
  rmSync(folder, { recursive: true });
});
