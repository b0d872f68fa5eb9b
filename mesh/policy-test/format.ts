import type { GrpcStatus } from "#mesh/istio/grpc-status.ts";
import type { Path, Source } from "#mesh/istio/source.ts";

// The types of docs/mesh-test.schema.json, which is the format's definition; docs/mesh-test.md explains it.

/** `"250ms"`, `"1.5s"`. */
export type DurationText = string;
/** `namespace/name`. */
export type WorkloadName = string;

/** One file's tests, with the objects they are about still to be loaded. */
export interface Suite {
  name: string;
  file: string;
  source: Source;
  /** As they are to be opened: the test's folder is already in front. */
  policies: string[] | undefined;
  workloads: string[];
  change: Change[];
  routing: RoutingCase[];
  behaviour: BehaviourCase[];
}

export interface Change {
  kind: string;
  name?: string;
  namespace?: string;
  delete?: true;
  remove?: string[];
  set?: Record<string, unknown>;
}

/** Exactly one of `grpc` and `http`. */
export interface Target {
  to: string;
  grpc?: string;
  http?: string;
}

export interface Request extends Target {
  headers?: Record<string, string>;
}

export interface RoutingCase {
  name: string;
  /** Where the case stands in the document. */
  path: Path;
  from: WorkloadName;
  labels?: Record<string, string>;
  change?: Change[];
  request: Request;
  expect: ExpectedRoute;
}

export interface ExpectedRoute {
  destination?: string | Record<string, number>;
  subset?: string;
  cluster?: string;
  virtualService?: string;
  route?: string;
  timeout?: "none" | DurationText;
  retries?: "none" | { attempts?: number; retryOn?: string; perTryTimeout?: DurationText };
  authorization?: "allowed" | "denied" | "depends";
  status?: number;
  redirect?: string;
  rewrite?: { path?: string; authority?: string };
}

export interface BehaviourCase {
  name: string;
  path: Path;
  from: WorkloadName;
  change?: Change[];
  workloads: Record<WorkloadName, ScriptedWorkload>;
  steps: Step[];
}

export interface ScriptedWorkload {
  replicas?: number;
  labels?: Record<string, string>;
  serviceAccount?: string;
  script?: Script;
}

export type Script = Answer | Answer[];

export interface Answer {
  method?: string;
  path?: string;
  replica?: number;
  first?: number;
  delay?: DurationText;
  status?: GrpcStatus;
  message?: string;
  after?: "nothing" | "headers" | "message";
  httpStatus?: number;
  reset?: "cancel" | "internal-error" | "refused-stream";
  close?: true;
  refuse?: true;
  gone?: true;
  call?: Target;
}

export interface Step {
  script?: Record<WorkloadName, Script>;
  wait?: DurationText;
  call?: Call;
  expect?: Outcome;
}

export interface Call extends Request {
  times?: number;
  /** Calls a second. */
  rate?: number;
  concurrency?: number;
  deadline?: DurationText;
}

/** `3`, `"all"`, `"none"`, `"90%"` of the calls, `"1.2x"` the calls. */
export type Amount = number | string;
export type Count = Amount | { atLeast?: Amount; atMost?: Amount };
export type Counts = Record<string, Count>;

export interface Span {
  atLeast?: DurationText;
  atMost?: DurationText;
}

export interface Outcome {
  status?: string | number | Counts;
  message?: string;
  flags?: Counts;
  attempts?: Counts;
  took?: { fastest?: Span; slowest?: Span; median?: Span };
  breaker?: Record<WorkloadName, "open" | "closed" | ExpectedBreaker>;
  within?: DurationText;
}

export interface ExpectedBreaker {
  open?: number | string[];
  blocked?: boolean;
  by?: WorkloadName;
}

/** Milliseconds of a duration as Istio writes it: `"250ms"`, `"1.5s"`, `"2m"`. */
export function durationMs(text: DurationText): number {
  const [, number, unit] = /^([\d.]+)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit ?? ""];
  if (number === undefined || factor === undefined) throw new Error(`not a duration: ${text}`);
  return Number(number) * factor;
}

/** The HTTP request behind a call: a gRPC method is a POST to its path. */
export function requestLine({ grpc, http }: Target): { method: string; path: string } {
  if (grpc) return { method: "POST", path: `/${grpc}` };
  const [method = "GET", path = "/"] = (http ?? "").split(" ", 2);
  return { method, path };
}
