import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest, RestAnswer } from "#mesh/local/rest.ts";
import { Code, nameOfCode } from "#mesh/service/codes.ts";
import type { MethodDefinition, RequestOf } from "#mesh/service/handler.ts";
import type { GrpcCaller } from "./grpc-caller.ts";

/** Method, path and body. */
export type RestRequest = readonly [method: string, path: string, body?: unknown];

/** One success or one refusal of a method, as gRPC and as REST show it. World: the ids and such that a system's cases find. */
export interface MethodCase<World> {
  readonly name: string;
  readonly method: MethodDefinition;
  readonly request: (world: World) => object;
  /** Absent where REST cannot say it. */
  readonly rest?: (world: World) => RestRequest;
  /** What goes with both, such as an access token. Default: nothing */
  readonly headers?: (world: World) => Readonly<Record<string, string>>;
  /** A status name: `OK`, `NOT_FOUND` ... */
  readonly code: string;
  /** ErrorInfo.reason. */
  readonly reason?: string;
  /** BadRequest: path and reason of each violation. */
  readonly violations?: readonly string[];
  /** Other details: `RetryInfo`, `ResourceInfo` ... */
  readonly details?: readonly string[];
  /** What the answer must contain, as REST shows it. */
  readonly answer?: (world: World) => object;
}

/** Makes a case, with the request typed by its method. */
export function methodCase<World, M extends MethodDefinition>(
  method: M,
  name: string,
  request: (world: World) => Partial<RequestOf<M>>,
  more: Omit<MethodCase<World>, "method" | "name" | "request">,
): MethodCase<World> {
  return { method, name, request, ...more };
}

/** A request with an id of its own: sent again it goes on, or finds what it has done. For methods that call out, which may be too late. */
export function repeatable<Request extends object>(request: Request) {
  return { ...request, requestId: randomUUID() };
}

/** INVALID_ARGUMENT with one violation. */
export function invalid(field: string, reason: string) {
  return { code: "INVALID_ARGUMENT", reason, violations: [`${field} ${reason}`] } as const;
}

export function notFound(reason: string) {
  return { code: "NOT_FOUND", reason, details: ["ResourceInfo"] } as const;
}

export function failedPrecondition(reason: string) {
  return { code: "FAILED_PRECONDITION", reason, details: ["PreconditionFailure"] } as const;
}

/** Pages that no list has. The token of the last case is one of another list. */
export function badPages<World, M extends MethodDefinition>(method: M, path: string): MethodCase<World>[] {
  const foreign = Buffer.from("AAAAAAAA.7").toString("base64url");
  const request = (fields: object) => () => fields as Partial<RequestOf<M>>;
  return [
    methodCase(method, "refuses a negative page_size", request({ pageSize: -1 }), {
      rest: () => ["GET", `${path}?pageSize=-1`],
      ...invalid("page_size", "INVALID_PAGE_SIZE"),
    }),
    ...["garbage", "%25", foreign].map((token) =>
      methodCase<World, M>(
        method,
        `refuses the page_token ${token}`,
        request({ pageToken: decodeURIComponent(token) }),
        {
          rest: () => ["GET", `${path}?pageToken=${token}`],
          ...invalid("page_token", "INVALID_PAGE_TOKEN"),
        },
      ),
    ),
  ];
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const httpStatus: Readonly<Record<string, number>> = {
  OK: 200,
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
};

/** Sends a case by gRPC, again while it is told to come again, and expects what it says. @param enums the enums of the system, whose values gRPC has as numbers */
export async function expectByGrpc<World>(
  grpc: GrpcCaller,
  { method, request, headers, ...expected }: MethodCase<World>,
  world: World,
  enums: Readonly<Record<string, number>>,
): Promise<void> {
  const [message, metadata] = [request(world), headers?.(world) ?? {}];
  const answer = await asked(expected, () => grpc.call(method, message, { metadata }));
  expect({ ...answer, code: nameOfCode(answer.code) }).toMatchObject({
    code: expected.code,
    reason: expected.reason ?? "",
    domain: expected.reason ? domainOf(method.path) : "",
    violations: expected.violations ?? [],
    details: expect.arrayContaining(detailsOf(expected)),
  });
  if (expected.answer) expect(readable(answer.response)).toMatchObject(numbered(expected.answer(world), enums));
}

/** Sends a case by REST, again while it is told to come again, and expects what it says. */
export async function expectByRest<World>(
  rest: Rest,
  { method, rest: request, headers, ...expected }: MethodCase<World>,
  world: World,
): Promise<void> {
  if (!request) throw new Error(`${method.path} ${expected.name} has no REST request`);
  const [verb, path, body] = request(world);
  const sent = headers?.(world);
  const answer = await asked(expected, () => rest(verb, path, body, sent));
  expect(answer).toMatchObject({ status: httpStatus[expected.code] });
  if (expected.code !== "OK") {
    expect(answer.body).toMatchObject({ code: Code[expected.code as keyof typeof Code] });
    expect(detail(answer, "ErrorInfo")).toMatchObject({ reason: expected.reason, domain: domainOf(method.path) });
    for (const type of detailsOf(expected)) expect(detail(answer, type)).toBeDefined();
    expect(violationsOf(answer)).toEqual(expected.violations ?? []);
  }
  if (expected.answer) expect(answer.body).toMatchObject(expected.answer(world));
}

/** On a busy machine a callee may be too late for its caller: that is UNAVAILABLE, and no answer unless it is the expected one. */
function asked<Answer extends { readonly status: number } | { readonly code: number }>(
  { code }: { readonly code: string },
  call: () => Promise<Answer>,
): Promise<Answer> {
  return code === "UNAVAILABLE" ? call() : patiently(call);
}

/** A detail of an error that REST shows: `detail(answer, "ErrorInfo")`. */
export function detail({ body }: RestAnswer, type: string): Record<string, unknown> | undefined {
  const { details = [] } = (body ?? {}) as { details?: Record<string, unknown>[] };
  return details.find((each) => each["@type"] === `type.googleapis.com/google.rpc.${type}`);
}

/** ErrorInfo's reason that REST shows; undefined when it is no error of ours. */
export function reasonOf(answer: RestAnswer): unknown {
  return detail(answer, "ErrorInfo")?.["reason"];
}

/** BadRequest's violations that REST shows: `product.price OUT_OF_RANGE`. */
export function violationsOf(answer: RestAnswer): string[] {
  const { fieldViolations = [] } = (detail(answer, "BadRequest") ?? {}) as {
    fieldViolations?: Record<string, string>[];
  };
  return fieldViolations.map(({ field, reason }) => `${field} ${reason}`);
}

/** `/siren.order.v1.OrderService/GetOrder` -> `order.siren` */
function domainOf(path: string): string {
  const [system, service] = path.slice(1).split(".");
  return `${service}.${system}`;
}

type Expected = Pick<MethodCase<never>, "reason" | "violations" | "details">;

function detailsOf({ reason, violations, details = [] }: Expected): string[] {
  return [...(reason ? ["ErrorInfo"] : []), ...(violations ? ["BadRequest"] : []), ...details];
}

/** A response with int64 as text, as JSON has it. */
function readable(response: unknown): unknown {
  return JSON.parse(JSON.stringify(response, (_, value) => (typeof value === "bigint" ? String(value) : value)));
}

/** What REST shows, with enum values as numbers. */
function numbered(answer: object, enums: Readonly<Record<string, number>>): object {
  return JSON.parse(
    JSON.stringify(answer, (_, value) => (typeof value === "string" ? (enums[value] ?? value) : value)),
  );
}
