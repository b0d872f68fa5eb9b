import type { Call } from "./call.ts";

/** A method as ts-proto generates it for grpc-js. */
export interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the messages differ by method; Handlers gives each its own types.
  readonly requestSerialize: (value: any) => Buffer;
  readonly requestDeserialize: (value: Buffer) => object;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly responseSerialize: (value: any) => Buffer;
  readonly responseDeserialize: (value: Buffer) => object;
}

/** A service as ts-proto generates it: `OrderServiceService`. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

export type RequestOf<M extends MethodDefinition> = ReturnType<M["requestDeserialize"]>;
export type ResponseOf<M extends MethodDefinition> = ReturnType<M["responseDeserialize"]>;

/** `(request, call) => Promise<response>`; server streaming: `async *(request, call)`. */
export type Handler<M extends MethodDefinition> = M["responseStream"] extends true
  ? (request: RequestOf<M>, call: Call<ResponseOf<M>>) => AsyncIterable<ResponseOf<M>>
  : (request: RequestOf<M>, call: Call<ResponseOf<M>>) => Promise<ResponseOf<M>>;

/** The handlers of a service: `Handlers<typeof OrderServiceService>`. */
export type Handlers<Definition extends ServiceDefinition> = { [Name in keyof Definition]: Handler<Definition[Name]> };

/** A contract and the code behind it. */
export interface Implementation {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, UntypedHandler>>;
}

// biome-ignore lint/suspicious/noExplicitAny: `implement` has checked the types; the adapter treats all methods alike.
export type UntypedHandler = (request: any, call: any) => Promise<unknown> | AsyncIterable<unknown>;

/**
 * Joins a contract with its handlers, for `serve`.
 *
 * @throws Error for a method with a client stream: those are not supported
 */
export function implement<Definition extends ServiceDefinition>(
  definition: Definition,
  handlers: Handlers<Definition>,
): Implementation {
  for (const { path, requestStream } of Object.values(definition)) {
    if (requestStream) throw new Error(`${path} has a client stream, which mesh/service does not support`);
  }
  return { definition, handlers: handlers as unknown as Readonly<Record<string, UntypedHandler>> };
}
