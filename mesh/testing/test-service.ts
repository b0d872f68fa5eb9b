import { Writable } from "node:stream";
import { pino } from "pino";
import { Service, type ServiceOptions } from "#mesh/service/service.ts";
import { type GrpcCaller, grpcCaller } from "./grpc-caller.ts";
import { quietPort } from "./quiet-port.ts";

/** A service that runs inside the test. */
export interface TestService extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly target: string;
  readonly caller: GrpcCaller;
  /** What it has logged so far. */
  readonly lines: readonly Record<string, unknown>[];
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

/** Starts a service in this process, on a free port that it may take again, and waits until it is ready. */
export async function testService<Store>(options: ServiceOptions<Store>): Promise<TestService> {
  const lines: Record<string, unknown>[] = [];
  const settings = {
    listen: `127.0.0.1:${await quietPort()}`,
    natsUrl: undefined,
    graceMs: 2_000,
    ...options.settings,
  };
  const service = await Service.listen({ log: pino({ level: "debug" }, intoArray(lines)), ...options, settings });
  const target = `127.0.0.1:${service.port}`;
  const caller = grpcCaller(target);
  await service.start();
  const stop = async () => {
    caller[Symbol.dispose]();
    await service.stop();
  };
  return { target, caller, lines, stop, [Symbol.asyncDispose]: stop };
}

function intoArray(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) lines.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
}
