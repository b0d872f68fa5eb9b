import { describe, expect, it } from "vitest";
import type { Autoscaling } from "../workloads/workload.ts";
import { type AutoscalerMemory, autoscale, emptyMemory } from "./autoscaler.ts";

const rules: Autoscaling = {
  minReplicas: 1,
  maxReplicas: 10,
  metrics: [{ resource: "cpu", target: { type: "Utilization", value: 50 } }],
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: "Max",
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  },
};

/** Each replica requests one core, so that 0.5 cores are the target. */
function input(now: number, current: number, cores: number[], unmeasured = 0) {
  const measured = cores.map((cpu) => ({ cpu, memory: 0 }));
  return { now: now * 1000, current, measured, unmeasured, requests: { cpu: 1 } };
}

describe("autoscale", () => {
  it.each([
    ["stays at the target", 2, [0.5, 0.5], 0, 2],
    ["stays within a tenth of it", 2, [0.54, 0.54], 0, 2],
    ["takes as many as bring the use to the target", 2, [0.9, 0.8], 0, 4],
    ["rounds up", 1, [0.6], 0, 2],
    ["never exceeds maxReplicas", 8, Array(8).fill(1), 0, 10],
    ["adds at most four or doubles in 15 s", 1, [5], 0, 5],
    ["does nothing without measurements", 3, [], 3, 3],
    ["counts replicas that start as idle before it adds more", 3, [1], 2, 3],
    ["leaves what was scaled to 0 alone", 0, [], 0, 0],
  ] as [string, number, number[], number, number][])("%s", (_name, current, cores, unmeasured, expected) => {
    expect(autoscale(rules, input(0, current, cores, unmeasured), emptyMemory).replicas).toBe(expected);
  });

  it("takes replicas away only after they were too many for the whole window", () => {
    let memory: AutoscalerMemory = emptyMemory;
    const seen: number[] = [];
    for (const now of [0, 150, 290, 301, 310]) {
      const current = seen.at(-1) ?? 4;
      const cores = now === 0 ? Array(4).fill(0.5) : Array(current).fill(0.1);
      const next = autoscale(rules, input(now, current, cores), memory);
      memory = next.memory;
      seen.push(next.replicas);
    }
    expect(seen).toEqual([4, 4, 4, 1, 1]);
  });

  it("waits with another step until the policy's period is over", () => {
    const first = autoscale(rules, input(0, 1, [5]), emptyMemory);
    expect(first.replicas).toBe(5);
    const second = autoscale(rules, input(10, 5, Array(5).fill(5)), first.memory);
    expect(second.replicas).toBe(5);
    expect(autoscale(rules, input(16, 5, Array(5).fill(5)), second.memory).replicas).toBe(10);
  });

  it("does not go down when that is disabled", () => {
    const up = {
      ...rules,
      scaleDown: { ...rules.scaleDown, stabilizationWindowSeconds: 0, selectPolicy: "Disabled" as const },
    };
    expect(autoscale(up, input(0, 4, Array(4).fill(0.1)), emptyMemory).replicas).toBe(4);
  });

  it("takes the largest number over all metrics", () => {
    const both: Autoscaling = {
      ...rules,
      metrics: [...rules.metrics, { resource: "memory", target: { type: "AverageValue", value: 100 } }],
    };
    const measured = [{ cpu: 0.1, memory: 300 }];
    const { replicas } = autoscale(both, { ...input(0, 1, []), measured }, emptyMemory);
    expect(replicas).toBe(3);
  });
});
