import {
  type CallOptions,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";

/** How an echo server answers: at once and with OK, unless told otherwise. */
export interface Behaviour {
  readonly delayMs?: number;
  readonly code?: number;
}

const method = "/test.Echo/Call";
const same = (bytes: Buffer): Buffer => bytes;

/** A gRPC server with one method that answers what it is sent. */
export class EchoServer {
  readonly #server = new Server();
  /** Metadata of the calls that arrived. */
  readonly calls: Record<string, string>[] = [];
  behave: (call: number) => Behaviour = () => ({});

  static async start(address: string): Promise<EchoServer> {
    const echo = new EchoServer();
    await new Promise<void>((resolve, reject) => {
      echo.#server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    return echo;
  }

  private constructor() {
    const definition = {
      Call: {
        path: method,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    };
    this.#server.addService(definition, {
      Call: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => this.#answer(call, answer),
    });
  }

  async close(): Promise<void> {
    this.#server.forceShutdown();
  }

  #answer(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    const headers = call.metadata.getMap();
    this.calls.push(Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])));
    const { delayMs = 0, code = status.OK } = this.behave(this.calls.length);
    setTimeout(() => {
      if (code === status.OK) answer(null, call.request);
      else answer({ code, details: "told to fail" });
    }, delayMs);
  }
}

export interface Answer {
  readonly code: number;
  readonly details: string;
  readonly ms: number;
}

/** A caller behind a sidecar: it asks its outbound listener for `authority`. */
export class EchoClient implements Disposable {
  readonly #client: Client;

  constructor(outbound: string, authority: string) {
    this.#client = new Client(outbound, credentials.createInsecure(), {
      "grpc.default_authority": authority,
      "grpc.enable_retries": 0,
      // A channel for each client: tests tell connections apart.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 100,
    });
  }

  call(headers: Readonly<Record<string, string>> = {}, options: CallOptions = {}): Promise<Answer> {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(method, same, same, Buffer.from("x"), metadata, options, (error) => {
        const ms = performance.now() - startedAt;
        resolve({ code: error?.code ?? status.OK, details: error?.details ?? "", ms });
      });
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
