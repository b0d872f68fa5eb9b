import { randomFillSync } from "node:crypto";

/** Where in a trace we are (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const format = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const zeroTrace = "0".repeat(32);
const zeroSpan = "0".repeat(16);

/** Reads a `traceparent` header; undefined when it is absent or malformed, as the specification asks. https://www.w3.org/TR/trace-context/ */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : format.exec(header);
  if (!match) return undefined;
  const [, traceId = "", spanId = "", flags = ""] = match;
  if (traceId === zeroTrace || spanId === zeroSpan || header?.startsWith("ff")) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A trace that starts here. */
export function newTrace(sampled: boolean): TraceContext {
  return { traceId: randomHex(16), spanId: randomHex(8), sampled };
}

/** Random bytes come by the page: one system call for many ids. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
