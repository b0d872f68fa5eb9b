import { type CallOptions, type ServiceError as GrpcError, Metadata } from "@grpc/grpc-js";
import type { Context } from "./call.ts";
import { type CalleeFailures, explainFailure } from "./callee-failure.ts";
import type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from "./handler.ts";
import { channelTo } from "./outbound.ts";
import { formatTraceparent, type TraceContext } from "./trace-context.ts";

/** A callee, typed: `client.method(request, context)`; server streaming gives an AsyncIterable. */
export type Client<Definition extends ServiceDefinition> = {
  readonly [Name in keyof Definition]: ClientMethod<Definition[Name]>;
};

type ClientMethod<M extends MethodDefinition> = M["responseStream"] extends true
  ? (request: RequestOf<M>, context: Context) => AsyncIterable<ResponseOf<M>>
  : (request: RequestOf<M>, context: Context) => Promise<ResponseOf<M>>;

export interface ConnectOptions {
  /** Whether the callee acts for our caller: our caller's access token goes with each call. Default: false */
  readonly passToken?: boolean;
  /** Headers of every call, by which the mesh may route it. Default: none */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A client of another service. Deadline, cancellation, trace and ids of the flow come from the context of each call. It neither retries nor times out nor
 * falls back: that is the mesh's part.
 *
 * @param target name and port as in the mesh: `product.siren:50051`
 * @param failures this service's own answers to the callee's failures; each call rejects with one of them
 */
export function connect<Definition extends ServiceDefinition>(
  definition: Definition,
  target: string,
  failures: CalleeFailures,
  { passToken = false, headers = {} }: ConnectOptions = {},
): Client<Definition> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(definition)) {
    const callee: Callee = { method, target, failures, passToken, headers };
    client[name] = method.responseStream
      ? (request: object, context: Context) => stream(callee, request, context)
      : (request: object, context: Context) => unary(callee, request, context);
  }
  return client as Client<Definition>;
}

interface Callee {
  readonly method: MethodDefinition;
  readonly target: string;
  readonly failures: CalleeFailures;
  readonly passToken: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

function unary(callee: Callee, request: object, context: Context): Promise<object> {
  const { method, target, failures } = callee;
  const span = context.childSpan(method.path.slice(1));
  const { signal } = context;
  return new Promise((resolve, reject) => {
    const fail = (error: GrpcError) => {
      span.end(String(error.code));
      reject(explainFailure(error, `${target}${method.path}`, request, failures));
    };
    const call = channelTo(target).makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataOf(context, span.context, callee),
      optionsOf(context),
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error) return fail(error);
        span.end();
        resolve(response as object);
      },
    );
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel);
  });
}

async function* stream(callee: Callee, request: object, context: Context): AsyncIterable<object> {
  const { method, target, failures } = callee;
  const span = context.childSpan(method.path.slice(1));
  const call = channelTo(target).makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    metadataOf(context, span.context, callee),
    optionsOf(context),
  );
  const cancel = () => call.cancel();
  context.signal.addEventListener("abort", cancel);
  try {
    for await (const response of call) yield response as object;
    span.end();
  } catch (error) {
    span.end("failed");
    throw explainFailure(error as GrpcError, `${target}${method.path}`, request, failures);
  } finally {
    context.signal.removeEventListener("abort", cancel);
    cancel(); // No effect on a finished call; ends one whose reader stopped early.
  }
}

/** The headers that keep a flow together: https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/ */
function metadataOf(context: Context, trace: TraceContext, { passToken, headers }: Callee): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  metadata.set("traceparent", formatTraceparent(trace));
  if (context.requestId !== undefined) metadata.set("x-request-id", context.requestId);
  if (context.correlationId !== undefined) metadata.set("x-correlation-id", context.correlationId);
  if (passToken && context.authorization !== undefined) metadata.set("authorization", context.authorization);
  return metadata;
}

function optionsOf({ deadline }: Context): CallOptions {
  return deadline === undefined ? {} : { deadline };
}
