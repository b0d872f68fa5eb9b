import type { Http2Server, IncomingHttpHeaders } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/** What a Node timer can wait, about 24 days. */
const maxMs = 2_147_483_647;
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * A `grpc-timeout` that grpc-js can compute with: it takes `597H` for a negative time and fails the call at once, and reads `-1S` as one second.
 *
 * @returns undefined for a value that is none: the call has no deadline then, as with Envoy
 */
export function clampTimeout(header: string): string | undefined {
  const match = /^(-?)(\d{1,20})([HMSmun])$/.exec(header.trim());
  if (!match) return undefined;
  const [, sign, digits = "0", unit = "m"] = match;
  const ms = Number(digits) * (unitMs[unit] ?? 1);
  if (sign === "-" || ms === 0) return "1n"; // Over before it began.
  return ms > maxMs || digits.length > 8
    ? `${Math.min(Math.ceil(ms), maxMs)}m`.replace(/^(\d{9,})m$/, toSeconds)
    : header;
}

/** A timeout has eight digits at most. */
function toSeconds(_: string, ms: string): string {
  return `${Math.floor(Number(ms) / 1000)}S`;
}

/** Clamps the header of each request before grpc-js reads it. Call it once the server is bound. */
export function clampDeadlines(server: Server): void {
  // grpc-js has no earlier hook: its interceptors run after the header was parsed.
  const { http2Servers } = server as unknown as { http2Servers: Map<Http2Server, unknown> };
  for (const http2Server of http2Servers.keys()) {
    http2Server.prependListener("stream", (_stream: unknown, headers: IncomingHttpHeaders) => {
      const header = headers["grpc-timeout"];
      if (typeof header !== "string") return;
      const clamped = clampTimeout(header);
      if (clamped === undefined) delete headers["grpc-timeout"];
      else headers["grpc-timeout"] = clamped;
    });
  }
}
