import { describe, expect, it } from "vitest";
import type { Status } from "#mesh/local/daemon/status.ts";
import type { DemonstratedSystem } from "./demonstration.ts";
import { runDemonstration } from "./run-demonstration.ts";
import type { Stage, StageOptions } from "./stage.ts";

const folder = "services/siren/overlays/chaos";

/** A mesh of one workload that does at once what it is told, and remembers what it was told. */
class FakeMesh implements Pick<StageOptions["control"], keyof StageOptions["control"]> {
  readonly told: string[] = [];
  overlays: string[] = [];
  replicas = 1;

  async status(): Promise<Status> {
    const workload = { system: "siren", workload: "product", desired: this.replicas, ready: 0, settled: true };
    const rest = { pid: 1, phase: "running", gatewayPort: 1, systems: ["siren"], rows: [], findings: [] } as const;
    return {
      ...rest,
      workloads: [workload],
      inForce: true,
      ready: true,
      activity: "",
      overlays: this.overlays,
      urls: [],
    };
  }
  async apply(overlay: string) {
    this.told.push(`apply ${overlay}`);
    this.overlays.push(overlay);
  }
  async remove(overlay: string) {
    this.told.push(`remove ${overlay}`);
    this.overlays = this.overlays.filter((other) => other !== overlay);
  }
  async scale(workload: string, replicas: number) {
    this.told.push(`scale ${workload} ${replicas}`);
    this.replicas = replicas;
  }
  async restart() {}
  async untilReady() {}
  async breakers() {
    return [];
  }
  async databaseUrl() {
    return "";
  }
  volume(): string {
    return "";
  }

  async natsUrl() {
    return "";
  }
}

async function play(
  run: (stage: Stage) => Promise<void>,
  {
    violations = async () => [],
    signal = new AbortController().signal,
  }: Partial<{ violations: DemonstratedSystem["violations"]; signal: AbortSignal }> = {},
) {
  const mesh = new FakeMesh();
  const demonstration = { id: "S-9", name: "nothing", shows: "nothing", document: "nothing", run };
  const system = { invariants: "S1", violations, demonstrations: [demonstration] };
  const options = { system: "siren", control: mesh, gateway: "http://127.0.0.1:1", signal, say: () => {} };
  return { mesh, report: await runDemonstration(demonstration, system, options) };
}

describe("runDemonstration", () => {
  it("is ok when everything was seen, and nothing is left of what it changed", async () => {
    const { mesh, report } = await play(async (stage) => {
      await stage.apply("chaos");
      await stage.scale("product", 0);
      stage.check("something", true);
    });
    expect(report).toMatchObject({ id: "siren/S-9", ok: true, problems: [] });
    expect(mesh).toMatchObject({ overlays: [], replicas: 1 });
    expect(mesh.told).toEqual([
      `apply ${folder}`,
      "scale siren/product 0",
      `remove ${folder}`,
      "scale siren/product 1",
    ]);
  });

  it("undoes everything after a failure too, and says what failed", async () => {
    const { mesh, report } = await play(async (stage) => {
      await stage.apply("chaos");
      stage.check("something", true);
      throw new Error("the seller is asleep");
    });
    expect(report).toMatchObject({ ok: false, problems: ["the seller is asleep"] });
    expect(mesh.overlays).toEqual([]);
  });

  it("undoes everything when it is interrupted, and does not go on", async () => {
    const controller = new AbortController();
    let wentOn = false;
    const { mesh, report } = await play(
      async (stage) => {
        await stage.apply("chaos");
        controller.abort(new Error("interrupted by SIGINT"));
        await stage.scale("product", 0);
        wentOn = true;
      },
      { signal: controller.signal },
    );
    expect(report).toMatchObject({ ok: false, problems: ["interrupted by SIGINT"] });
    expect(mesh).toMatchObject({ overlays: [], replicas: 1 });
    expect(wentOn).toBe(false);
  });

  it("is not ok when something was not seen, and ends where the rest relies on it", async () => {
    const { report } = await play(async (stage) => {
      stage.check("first", false, "503");
      await stage.eventually("second", () => false, { withinS: 0 });
      stage.check("third", true);
    });
    expect(report).toMatchObject({ ok: false, problems: [] });
    expect(report.checks.map(({ text, reached }) => [text, reached])).toEqual([
      ["first", false],
      ["second", false],
    ]);
  });

  it.each([
    ["was answered", () => Promise.reject(new Error("connection refused"))],
    ["was asked", () => undefined],
  ])("is not ok when nothing %s in a load", async (_, call) => {
    const { report } = await play(async (stage) => {
      await stage.load({ title: "many buyers", concurrency: 2, seconds: 0.01, call });
    });
    expect(report).toMatchObject({ ok: false, checks: [{ text: "many buyers", seen: "nothing was answered" }] });
  });

  it("is not ok when it checked nothing", async () => {
    expect((await play(async () => {})).report).toMatchObject({ ok: false, checks: [] });
  });

  it("looks at the invariants until they hold", async () => {
    const wrong = [["S1: order 1 has no price"], []];
    const { report } = await play(async (stage) => stage.check("something", true), {
      violations: async () => wrong.shift() ?? [],
    });
    expect(report).toMatchObject({ ok: true, violations: [] });
  });

  it("exchanges one overlay for another", async () => {
    const { mesh } = await play(async (stage) => {
      await stage.apply("chaos");
      await stage.apply("slow");
      expect((await stage.replicas("product")).length).toBe(0);
    });
    expect(mesh.told).toEqual([
      `apply ${folder}`,
      "apply services/siren/overlays/slow",
      `remove ${folder}`,
      "remove services/siren/overlays/slow",
    ]);
  });
});
