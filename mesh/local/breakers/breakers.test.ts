import { describe, expect, it } from "vitest";
import { type AdminState, type OutlierEvent, parseEvents } from "./admin-state.ts";
import { breakersOf } from "./breakers.ts";

const cluster = "order-1.siren/outbound|50051|v1|product.siren.svc.cluster.local";
const thresholds = { max_connections: 4_294_967_295, max_pending_requests: 10, max_requests: 1000, max_retries: 3 };

function stateOf(parts: Partial<AdminState> & { ejected?: boolean[] }): AdminState {
  const hosts = (parts.ejected ?? [false]).map((ejected, index) => ({
    address: `127.5.0.${index + 2}:50051`,
    ejected,
  }));
  return {
    clusters: [{ name: cluster, hosts, thresholds }],
    stats: new Map(),
    detection: new Map([[cluster, { baseEjectionMs: 3_000, maxEjectionMs: 300_000 }]]),
    events: [],
    ...parts,
  };
}

function ejection(parts: Partial<OutlierEvent> = {}): OutlierEvent {
  return {
    cluster,
    host: "127.5.0.2:50051",
    action: "EJECT",
    type: "CONSECUTIVE_5XX",
    timestamp: "2026-01-01T00:00:00.000Z",
    ejections: 1,
    enforced: true,
    ...parts,
  };
}

describe("breakers", () => {
  it("are closed when nothing is ejected, with limits and their use", () => {
    const stats = new Map([
      [`${cluster};.upstream_rq_active`, 7],
      [`${cluster};.upstream_rq_pending_overflow`, 2],
      [`${cluster};.upstream_rq_retry`, 5],
      [`${cluster};.upstream_rq_retry_success`, 4],
      [`${cluster};.upstream_rq_retry_overflow`, 1],
    ]);
    expect(breakersOf(stateOf({ stats }))).toEqual([
      {
        caller: "siren/order-1",
        callee: "product.siren.svc.cluster.local:50051",
        subset: "v1",
        host: "127.5.0.2:50051",
        state: "closed",
        since: null,
        until: null,
        cause: "",
        limits: {
          connections: { max: null, now: 0, refused: 0 },
          pendingRequests: { max: 10, now: 0, refused: 2 },
          requests: { max: 1000, now: 7, refused: 2 },
          retries: { max: 3, now: 0, refused: 1 },
        },
        retries: { made: 5, succeeded: 4, refused: 1 },
      },
    ]);
  });

  it("are open for longer each time in a row", () => {
    const [first] = breakersOf(stateOf({ ejected: [true], events: [ejection()] }));
    expect(first).toMatchObject({
      state: "open",
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T00:00:03.000Z",
    });
    const [third] = breakersOf(stateOf({ ejected: [true], events: [ejection(), ejection({ ejections: 3 })] }));
    expect(third).toMatchObject({
      until: "2026-01-01T00:00:09.000Z",
      cause: expect.stringContaining("ejection 3 in a row"),
    });
  });

  it("are blocked when the policy allows no more ejections", () => {
    const stats = new Map([[`${cluster};.outlier_detection.ejections_overflow`, 4]]);
    const [only] = breakersOf(stateOf({ stats }));
    expect(only).toMatchObject({ state: "blocked", cause: expect.stringContaining("4 times") });
    const [out, held] = breakersOf(stateOf({ stats, ejected: [true, false], events: [ejection()] }));
    expect([out?.state, held?.state]).toEqual(["open", "blocked"]);
  });

  it("heed only what the policy enforces, whichever of two detectors Envoy logs last", () => {
    const off = ejection({ type: "CONSECUTIVE_GATEWAY_FAILURE", enforced: false, ejections: 0 });
    const [quiet] = breakersOf(stateOf({ events: [off] }));
    expect(quiet).toMatchObject({ state: "closed", cause: "" });
    for (const events of [
      [off, ejection()],
      [ejection(), off],
    ]) {
      const [out] = breakersOf(stateOf({ ejected: [true], events }));
      expect(out).toMatchObject({
        state: "open",
        until: "2026-01-01T00:00:03.000Z",
        cause: expect.stringContaining("5xx"),
      });
    }
  });

  it("are closed again after the host came back", () => {
    const [back] = breakersOf(stateOf({ events: [ejection(), ejection({ action: "UNEJECT" })] }));
    expect(back?.state).toBe("closed");
  });
});

it("reads Envoy's log of ejections, skipping a line that is cut", () => {
  const line = JSON.stringify({
    type: "CONSECUTIVE_5XX",
    timestamp: "2026-01-01T00:00:00.000Z",
    cluster_name: cluster,
    upstream_url: "127.5.0.2:50051",
    action: "EJECT",
    num_ejections: 1,
    enforced: true,
  });
  expect(parseEvents(`${line}\n${line.slice(0, 40)}\nnoise\n`)).toEqual([ejection()]);
});
