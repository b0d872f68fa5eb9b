import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from "#gen/proto/google/rpc/error_details.ts";
import { Status } from "#gen/proto/google/rpc/status.ts";
import type { MethodDefinition, RequestOf, ResponseOf } from "#mesh/service/handler.ts";

/** An answer with its google.rpc.Status taken apart. */
export interface GrpcAnswer<Response> {
  /** 0 is OK. */
  readonly code: number;
  readonly message: string;
  /** Undefined unless the code is OK. */
  readonly response: Response | undefined;
  /** ErrorInfo.reason and domain; "" without ErrorInfo. */
  readonly reason: string;
  readonly domain: string;
  /** BadRequest: `product.price OUT_OF_RANGE`. */
  readonly violations: readonly string[];
  /** Names of the details' types: `ErrorInfo`, `RetryInfo` ... */
  readonly details: readonly string[];
  readonly retryAfterMs: number | undefined;
  readonly resource: string | undefined;
  readonly precondition: string | undefined;
}

export interface CallOptions {
  /** Milliseconds from now. Default: 30 s */
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Aborted: the caller goes away, and its answer is CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Calls methods and returns refusals instead of throwing them. */
export interface GrpcCaller extends Disposable {
  /** Fields of the request that are left out have their default; nested messages are given whole (`Product.fromPartial({...})`). */
  call<M extends MethodDefinition>(
    method: M,
    request: Partial<RequestOf<M>>,
    options?: CallOptions,
  ): Promise<GrpcAnswer<ResponseOf<M>>>;
  /** Sends bytes as the request of `/package.Service/Method`, whatever they are. */
  callBytes(path: string, bytes: Uint8Array, options?: CallOptions): Promise<GrpcAnswer<Uint8Array>>;
}

/**
 * @param target `127.0.0.1:8080` or `unix:/path`
 * @param authority the name that the gateway routes by: `siren.localhost`
 */
export function grpcCaller(target: string, authority?: string): GrpcCaller {
  const client = new Client(target, credentials.createInsecure(), {
    ...(authority ? { "grpc.default_authority": authority } : {}),
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
  });
  const send = <Response>(
    path: string,
    bytes: Uint8Array,
    decode: (bytes: Buffer) => Response,
    options: CallOptions,
  ) => {
    const headers = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) headers.set(key, value);
    const deadline = Date.now() + (options.timeoutMs ?? 30_000);
    return new Promise<GrpcAnswer<Response>>((resolve) => {
      const call = client.makeUnaryRequest(path, Buffer.from, decode, bytes, headers, { deadline }, (error, response) =>
        resolve(error ? refused(error) : { ...nothing, response }),
      );
      options.signal?.addEventListener("abort", () => call.cancel());
    });
  };
  return {
    call: <M extends MethodDefinition>(method: M, request: Partial<RequestOf<M>>, options = {}) => {
      const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...request };
      const decode = (bytes: Buffer) => method.responseDeserialize(bytes) as ResponseOf<M>;
      return send(method.path, method.requestSerialize(whole), decode, options);
    },
    callBytes: (path, bytes, options = {}) => send(path, bytes, (answer) => answer, options),
    [Symbol.dispose]: () => client.close(),
  };
}

const nothing: GrpcAnswer<never> = {
  code: 0,
  message: "",
  response: undefined,
  reason: "",
  domain: "",
  violations: [],
  details: [],
  retryAfterMs: undefined,
  resource: undefined,
  precondition: undefined,
};

function refused(error: ServiceError): GrpcAnswer<never> {
  const bytes = error.metadata.get("grpc-status-details-bin")[0];
  const details = Buffer.isBuffer(bytes) ? Status.decode(bytes).details : [];
  const detail = <T>(type: string, codec: { decode(bytes: Uint8Array): T }): T | undefined => {
    const found = details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${type}`));
    return found && codec.decode(found.value);
  };
  const info = detail("ErrorInfo", ErrorInfo);
  const retry = detail("RetryInfo", RetryInfo)?.retryDelay;
  return {
    code: error.code,
    message: error.details,
    response: undefined,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    violations: (detail("BadRequest", BadRequest)?.fieldViolations ?? []).map(
      ({ field, reason }) => `${field} ${reason}`,
    ),
    details: details.map(({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)),
    retryAfterMs: retry && Number(retry.seconds) * 1000 + retry.nanos / 1e6,
    resource: detail("ResourceInfo", ResourceInfo)?.resourceName,
    precondition: detail("PreconditionFailure", PreconditionFailure)?.violations[0]?.type,
  };
}
