import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HealthCheckResponse_ServingStatus, HealthService } from "#gen/proto/grpc/health/v1/health.ts";
import { eventually } from "./eventually.ts";
import { type GrpcCaller, grpcCaller } from "./grpc-caller.ts";

/** A process that starts beside others on a busy machine takes a while to read its code. */
const startMs = 150_000;

/** A service in a process of its own. */
export interface ChildService extends AsyncDisposable {
  readonly caller: GrpcCaller;
  /** Resolves with the signal that ended it, or undefined when it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | undefined>;
}

/**
 * Starts a service's main.ts as `mesh up` would, but for the sidecar, and waits until it is ready.
 *
 * @param main path of main.ts
 * @param env in addition to this process's: DATABASE_URL, NATS_URL, MESH_OUTBOUND, MESH_CRASH_AT ...
 */
export async function childService(main: string, env: Readonly<Record<string, string>>): Promise<ChildService> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-child-"));
  const listen = `unix:${join(folder, "grpc.sock")}`;
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env, MESH_LISTEN: listen, LOG_LEVEL: "warn" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit").then(([, signal]) => (signal ?? undefined) as NodeJS.Signals | undefined);
  const caller = grpcCaller(listen);
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`${main} ended with ${child.exitCode}`);
      const { response } = await caller.call(HealthService.check, { service: "readiness" }, { timeoutMs: 1_000 });
      return response?.status === HealthCheckResponse_ServingStatus.SERVING;
    },
    { withinMs: startMs },
  );
  return {
    caller,
    ended,
    async [Symbol.asyncDispose]() {
      caller[Symbol.dispose]();
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
