import { grpcStatuses } from "#mesh/istio/grpc-status.ts";
import type { Answered } from "./caller.ts";
import { countMismatch, isBelow, spanMismatch } from "./count.ts";
import type { Counts, ExpectedBreaker, Outcome } from "./format.ts";

/** What was observed of a step. */
export interface Facts {
  calls: Answered[];
  /** How many of them the caller's proxy gave each response flag. */
  flags: ReadonlyMap<string, number>;
  /** Requests that reached a workload or a replica of it during the step. */
  attempts(name: string): number;
}

/** One caller's breaker of a workload. */
export interface BreakerState {
  /** Replicas by name, and whether the caller's proxy has ejected them. */
  open: string[];
  closed: string[];
  /** Ejections that were wanted and not allowed. */
  blocked: number;
}

/** What of the expectation, apart from the breakers, was not met: one line each. */
export function outcomeMismatches(expected: Outcome, facts: Facts): string[] {
  return [
    ...statusMismatches(expected, facts),
    ...messageMismatches(expected, facts),
    ...flagMismatches(expected.flags, facts),
    ...attemptMismatches(expected.attempts, facts),
    ...timeMismatches(expected, facts),
  ];
}

/** Whether attempts or flags are fewer than expected, which may change: they only grow. */
export function hasFewer({ attempts = {}, flags = {} }: Outcome, facts: Facts): boolean {
  const fewer = (wanted: Counts, actual: (name: string) => number) =>
    Object.entries(wanted).some(([name, count]) => isBelow(count, actual(name), facts.calls.length));
  return fewer(attempts, facts.attempts) || fewer(flags, (flag) => facts.flags.get(flag) ?? 0);
}

/** What of one expected breaker was not met. `name` is the workload it is about. */
export function breakerMismatches(
  name: string,
  expected: "open" | "closed" | ExpectedBreaker,
  state: BreakerState,
): string[] {
  const of = `the breaker of ${name}`;
  const is = `open on ${listed(state.open)}, closed on ${listed(state.closed)}`;
  if (expected === "open")
    return state.closed.length === 0 && state.open.length > 0 ? [] : [`${of}: expected open, it is ${is}`];
  if (expected === "closed") return state.open.length === 0 ? [] : [`${of}: expected closed, it is ${is}`];
  const found: string[] = [];
  const { open, blocked } = expected;
  if (typeof open === "number" && open !== state.open.length) found.push(`${of}: expected ${open} open, it is ${is}`);
  if (Array.isArray(open) && [...open].sort().join() !== [...state.open].sort().join()) {
    found.push(`${of}: expected open on ${listed(open)}, it is ${is}`);
  }
  if (blocked !== undefined && blocked !== state.blocked > 0) {
    found.push(`${of}: ${state.blocked} ejections were refused, expected ${blocked ? "some" : "none"}`);
  }
  return found;
}

function statusMismatches({ status }: Outcome, { calls }: Facts): string[] {
  if (status === undefined) return [];
  const wanted: Counts = typeof status === "object" ? status : { [status]: "all" };
  const unknown = Object.keys(wanted).filter((name) => !isStatus(name));
  if (unknown.length > 0)
    return unknown.map((name) => `status ${name} is neither a gRPC status nor an HTTP status code`);
  return mismatches(wanted, (name) => calls.filter((call) => call.status === name).length, {
    label: "status",
    calls: calls.length,
    context: () => ` (${tally(calls.map((call) => call.status))}${messagesOf(calls)})`,
  });
}

function isStatus(name: string): boolean {
  return /^\d{3}$/.test(name) || name === "reset" || grpcStatuses.some((known) => known === name);
}

function messageMismatches({ message }: Outcome, { calls }: Facts): string[] {
  if (message === undefined) return [];
  const failed = calls.filter(({ status }) => status !== "OK" && !/^[23]\d\d$/.test(status));
  if (failed.length === 0) return [`message: no call failed, expected "${message}"`];
  const other = failed.find((call) => !call.message.includes(message));
  return other ? [`message: expected "${message}", got "${other.message}"`] : [];
}

function flagMismatches(wanted: Counts | undefined, { calls, flags }: Facts): string[] {
  const all = [...flags].map(([flag, count]) => `${count} ${flag}`).join(", ");
  return mismatches(wanted ?? {}, (flag) => flags.get(flag) ?? 0, {
    label: "flag",
    calls: calls.length,
    context: () => ` (${all || "none"})`,
  });
}

function attemptMismatches(wanted: Counts | undefined, { calls, attempts }: Facts): string[] {
  return mismatches(wanted ?? {}, attempts, { label: "attempts at", calls: calls.length, context: () => "" });
}

function mismatches(
  wanted: Counts,
  actual: (name: string) => number,
  { label, calls, context }: { label: string; calls: number; context(): string },
): string[] {
  return Object.entries(wanted).flatMap(([name, count]) => {
    const mismatch = countMismatch(count, actual(name), calls);
    return mismatch ? [`${label} ${name}: ${mismatch}${context()}`] : [];
  });
}

function timeMismatches({ took }: Outcome, { calls }: Facts): string[] {
  if (!took) return [];
  const times = calls.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = { fastest: times[0], median: times[Math.floor(times.length / 2)], slowest: times.at(-1) };
  return (["fastest", "median", "slowest"] as const).flatMap((which) => {
    const span = took[which];
    const mismatch = span && spanMismatch(span, at[which] ?? 0);
    return mismatch ? [`the ${which} call ${mismatch}`] : [];
  });
}

function tally(values: string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts.size === 0 ? "none" : [...counts].map(([value, count]) => `${count} ${value}`).join(", ");
}

function messagesOf(calls: Answered[]): string {
  const messages = new Set(calls.map((call) => call.message).filter((message) => message !== ""));
  return [...messages]
    .slice(0, 3)
    .map((message) => `; "${message}"`)
    .join("");
}

function listed(names: string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
