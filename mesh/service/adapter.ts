import { createHash } from "node:crypto";
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Answers } from "./answers.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Chaos } from "./chaos.ts";
import { Code, nameOfCode } from "./codes.ts";
import type { DescriptorImage, MethodDescriptor } from "./descriptors.ts";
import { invalidRequest, ServiceError } from "./errors.ts";
import { toGrpcStatus, toServiceError } from "./grpc-status.ts";
import type { Implementation, MethodDefinition, UntypedHandler } from "./handler.ts";
import type { Logger } from "./log.ts";
import { ServerCall } from "./server-call.ts";
import { decodeStrictly, Malformed } from "./strict-decode.ts";
import type { Telemetry } from "./telemetry.ts";
import { compileChecker, type RequestChecker } from "./validation.ts";
import { WorkContext } from "./work-context.ts";

/** What every call needs from the process. */
export interface AdapterOptions {
  readonly image: DescriptorImage;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Where first answers are kept; undefined: the service has no database, and request_id has no meaning. */
  readonly answers?: Answers | undefined;
  readonly chaos?: Chaos | undefined;
  /** Checks access tokens; needed when the contract asks for them. */
  readonly authenticator?: Authenticator | undefined;
}

/** A service in the form that grpc-js's `Server.addService` takes. */
export interface AdaptedService {
  readonly definition: Record<string, MethodDefinition>;
  readonly handlers: UntypedServiceImplementation;
}

/**
 * The one place between our handlers and grpc-js. grpc-js sends whatever a handler throws, and never answers when an async handler throws; so each
 * call runs through here: decode strictly, validate, look up a repeated request_id, run, encode, answer, log one line.
 */
export function adapt(implementation: Implementation, options: AdapterOptions): AdaptedService {
  const definition: Record<string, MethodDefinition> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(implementation.definition)) {
    const handler = implementation.handlers[name];
    if (!handler) throw new Error(`${method.path} has no handler`);
    const run = new MethodRun(method, handler, options);
    definition[name] = {
      ...method,
      requestDeserialize: (bytes) => decodeStrictly(method.requestDeserialize, bytes),
      responseSerialize: (bytes: Buffer) => bytes,
    };
    handlers[name] = method.responseStream
      ? (call: ServerWritableStream<object, Buffer>) => void run.stream(call)
      : (call: ServerUnaryCall<object, Buffer>, reply: sendUnaryData<Buffer>) => void run.unary(call, reply);
  }
  return { definition, handlers };
}

/** One method: everything that can be decided before the first call is decided in the constructor. */
class MethodRun {
  readonly #method: MethodDefinition;
  readonly #handler: UntypedHandler;
  readonly #options: AdapterOptions;
  readonly #name: string;
  readonly #log: Logger;
  readonly #domain: string;
  readonly #check: RequestChecker;
  readonly #answers: Answers | undefined;
  /** Undefined: the method asks for no token. */
  readonly #authenticator: Authenticator | undefined;

  constructor(method: MethodDefinition, handler: UntypedHandler, options: AdapterOptions) {
    this.#method = method;
    this.#handler = handler;
    this.#options = options;
    this.#name = method.path.slice(1);
    this.#log = options.log.child({ method: this.#name });
    this.#domain = domainOf(this.#name);
    const { check, descriptor } = contractOf(this.#name, options.image);
    this.#check = check;
    this.#answers = descriptor.readOnly ? undefined : options.answers;
    if (descriptor.access !== "token") return;
    this.#authenticator = options.authenticator;
    if (!this.#authenticator) throw new Error(`${method.path} asks for an access token; give serve() an authenticator`);
  }

  async unary(grpc: ServerUnaryCall<object, Buffer>, reply: sendUnaryData<Buffer>): Promise<void> {
    const started = performance.now();
    const call = this.#open(grpc);
    try {
      if (this.#authenticator) await this.#authenticate(call, this.#authenticator);
      this.#validate(grpc.request);
      const repeated = this.#repeated(grpc.request, call);
      let bytes = repeated && (await repeated);
      if (!bytes) {
        if (this.#options.chaos) await this.#options.chaos();
        bytes = call.encode(await this.#handler(grpc.request, call));
      }
      reply(null, bytes);
      this.#close(call, started, undefined);
    } catch (error) {
      const failure = this.#explain(error, call);
      reply(toGrpcStatus(failure, this.#domain));
      this.#close(call, started, failure);
    }
  }

  async stream(grpc: ServerWritableStream<object, Buffer>): Promise<void> {
    const started = performance.now();
    const call = this.#open(grpc);
    try {
      if (this.#authenticator) await this.#authenticate(call, this.#authenticator);
      this.#validate(grpc.request);
      if (this.#options.chaos) await this.#options.chaos();
      for await (const response of this.#handler(grpc.request, call) as AsyncIterable<unknown>) {
        if (call.cancelled) break;
        if (!grpc.write(call.encode(response))) await drained(grpc);
      }
      grpc.end();
      this.#close(call, started, call.cancelled ? this.#explain(undefined, call) : undefined);
    } catch (error) {
      const failure = this.#explain(error, call);
      grpc.emit("error", toGrpcStatus(failure, this.#domain));
      this.#close(call, started, failure);
    }
  }

  #open(grpc: ServerUnaryCall<object, Buffer> | ServerWritableStream<object, Buffer>): ServerCall {
    const { telemetry } = this.#options;
    const log = this.#log;
    const { responseSerialize: serialize, responseDeserialize: deserialize } = this.#method;
    return new ServerCall(grpc, { method: this.#name, log, telemetry, serialize, deserialize });
  }

  /** The keys are fetched in a context of their own: whoever hangs up must not take them from others who wait for the same fetch. */
  async #authenticate(call: ServerCall, authenticator: Authenticator): Promise<void> {
    const context = () => new WorkContext("keys", { ...this.#options, signal: new AbortController().signal });
    call.caller = await authenticator.authenticate(call.metadata("authorization"), context);
  }

  #validate(request: object): void {
    if (request instanceof Malformed) {
      throw new ServiceError({
        code: Code.INVALID_ARGUMENT,
        reason: "MALFORMED_REQUEST",
        message: "The request is not a valid message of its type: truncated, or text that is not UTF-8.",
      });
    }
    const violations = this.#check(request);
    if (violations.length > 0) throw invalidRequest(violations);
  }

  /** The first answer, when this request was answered before. No promise without a request_id: most calls need not wait for one. */
  #repeated(request: object, call: ServerCall): Promise<Buffer | undefined> | undefined {
    const requestId = (request as { requestId?: unknown }).requestId;
    if (!this.#answers || typeof requestId !== "string" || requestId === "") return undefined;
    // Another caller's request is another request, whatever its id: nobody gets an answer that was somebody else's.
    const hash = createHash("sha256").update(call.caller?.subject ?? "");
    const fingerprint = hash.update(this.#method.requestSerialize(request)).digest();
    call.idempotency = { method: this.#name, requestId, fingerprint };
    return this.#answers.find(call.idempotency);
  }

  /** A call that is over already failed for that reason, whatever was thrown on the way out. */
  #explain(error: unknown, call: ServerCall): ServiceError {
    if (!call.cancelled) return toServiceError(error);
    const late = call.deadline !== undefined && Date.now() >= call.deadline;
    return late
      ? new ServiceError({ code: Code.DEADLINE_EXCEEDED, reason: "DEADLINE_EXCEEDED", message: "deadline exceeded" })
      : new ServiceError({ code: Code.CANCELLED, reason: "CANCELLED", message: "cancelled by the caller" });
  }

  #close(call: ServerCall, started: number, failure: ServiceError | undefined): void {
    const durationMs = Math.round((performance.now() - started) * 10) / 10;
    const log = this.#log;
    const code = failure ? nameOfCode(failure.code) : "OK";
    const line = Object.assign(call.ids(), { code, durationMs });
    call.end(failure && code);
    if (!failure) return log.info(line, "call");
    Object.assign(line, { reason: failure.reason });
    if (failure.code === Code.INTERNAL) return log.error({ ...line, err: failure.cause ?? failure }, "call failed");
    if (failure.code === Code.UNAVAILABLE) return log.warn({ ...line, err: failure.cause }, "call failed");
    log.info(line, "call");
  }
}

/** ErrorInfo.domain of a method: `order.siren` for `siren.order.v1.OrderService/CreateOrder`. */
function domainOf(method: string): string {
  const [system, service] = method.split(".");
  return `${service}.${system}`;
}

function contractOf(method: string, image: DescriptorImage): { check: RequestChecker; descriptor: MethodDescriptor } {
  const [service = "", name = ""] = method.split("/");
  const file = image.fileOfService(service);
  const descriptor = file?.services.get(service)?.get(name);
  if (!file || !descriptor) throw new Error(`the descriptor image has no method ${method}; run "make gen"`);
  return { check: compileChecker(image, file, descriptor.inputType), descriptor };
}

/** Waits until the caller has read enough, or is gone. */
function drained(stream: ServerWritableStream<object, Buffer>): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off("drain", go).off("cancelled", go);
      resolve();
    };
    stream.on("drain", go).on("cancelled", go);
  });
}
