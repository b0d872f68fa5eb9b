import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readLock } from "#mesh/local/daemon/lock.ts";
import { stateAt } from "#mesh/local/daemon/state.ts";
import { type Rest, rest } from "#mesh/local/rest.ts";
import { afterUs } from "./after-us.ts";
import { eventually } from "./eventually.ts";
import { type GrpcCaller, grpcCaller } from "./grpc-caller.ts";

/** One line of `mesh status --json`. */
export interface ReplicaStatus {
  readonly system: string;
  readonly workload: string;
  readonly replica: string;
  readonly state: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** 0 while no process runs. */
  readonly pid: number;
  /** `port` as in the cluster, `listens` where it is here: `127.0.0.1:39569`. */
  readonly ports: readonly { readonly name: string; readonly port: number; readonly listens: string }[];
}

/** A system under `mesh up`, on a copy of its files and a state of its own. */
export interface RunningSystem extends AsyncDisposable {
  /** The systems that run. */
  readonly systems: readonly string[];
  /** The mesh's own process. */
  readonly pid: number;
  /** The copy: its `istio/` and `services/<system>/` may be edited. */
  readonly folder: string;
  /** `http://127.0.0.1:PORT` */
  readonly gateway: string;
  /** REST calls. Default host: the system's, `siren.localhost`. */
  rest(host?: string): Rest;
  /** gRPC calls. Default host: the system's. */
  grpc(host?: string): GrpcCaller;
  /** Runs a command on this mesh and returns what it prints. @throws Error with its standard error when it fails */
  mesh(...args: readonly string[]): Promise<string>;
  status(): Promise<ReplicaStatus[]>;
  /** The replicas of a workload, or of a part such as envoy: `product`. */
  replicas(workload: string): Promise<ReplicaStatus[]>;
  /** Waits until everything is ready, and every workload has the number of replicas that it should. */
  untilReady(): Promise<void>;
  /** The URL of a service's database: `tword_order`. */
  databaseUrl(name: string): Promise<string>;
  /** kill -9 of one process of a workload. Returns its pid once the mesh has seen that it is gone. */
  kill(workload: string, signal?: NodeJS.Signals): Promise<number>;
}

const run = promisify(execFile);
const repository = join(import.meta.dirname, "..", "..");
const cli = join(repository, "mesh", "cli", "main.ts");
const shared = ["node_modules", "gen", "mesh", "proto", "scripts"];

/**
 * Starts a system with `mesh up`, at a free port, with a state of its own. Disposing of it stops it and removes everything.
 *
 * @param system the folder under services/: `siren`
 * @param others more of them, beside it
 */
export async function startSystem(system: string, others: readonly string[] = []): Promise<RunningSystem> {
  const systems = [system, ...others];
  const folder = makeCopy(systems);
  const command = (args: readonly string[]) => [cli, ...args, "--state", join(folder, ".mesh")];
  const mesh = async (...args: readonly string[]) => {
    const { stdout } = await run(process.execPath, command(args), { cwd: folder, maxBuffer: 64 * 2 ** 20 });
    return stdout;
  };
  // A test run that ends before its time must leave nothing behind either.
  const callOff = afterUs('(cd "$1" && shift && "$@"); rm -rf "$1"', folder, process.execPath, ...command(["down"]));
  const stop = async () => {
    await mesh("down");
    callOff();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await mesh("up", ...systems, "--detach", "--gateway-port", "0");
    return running({ system, systems, folder, mesh, stop, address: await gatewayAddress(mesh) });
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

type Mesh = RunningSystem["mesh"];

function running(of: {
  system: string;
  systems: readonly string[];
  folder: string;
  mesh: Mesh;
  stop: () => Promise<void>;
  address: string;
}): RunningSystem {
  const { system, systems, folder, mesh, stop, address } = of;
  const callers: GrpcCaller[] = [];
  const status = () => readStatus(mesh);
  const replicas = async (workload: string) => (await status()).filter((replica) => replica.workload === workload);
  return {
    systems,
    get pid() {
      return readLock(stateAt(join(folder, ".mesh")).lock)?.pid ?? 0;
    },
    folder,
    gateway: `http://${address}`,
    rest: (host = `${system}.localhost`) => rest(`http://${address}`, host),
    grpc: (host = `${system}.localhost`) => {
      const caller = grpcCaller(address, host);
      callers.push(caller);
      return caller;
    },
    mesh,
    status,
    replicas,
    untilReady: async () => {
      await eventually(async () => (await status()).every((replica) => replica.ready), { withinMs: 180_000 });
    },
    databaseUrl: async (name) => {
      const [server] = await replicas("postgres");
      const password = readFileSync(join(folder, ".mesh", "postgres", "data", "mesh-password"), "utf8").trim();
      return `postgres://postgres:${password}@${server?.ports[0]?.listens}/${name}`;
    },
    kill: async (workload, signal = "SIGKILL") => {
      const pid = (await replicas(workload)).find((replica) => replica.pid)?.pid;
      if (!pid) throw new Error(`${workload} has no process`);
      process.kill(pid, signal);
      await eventually(async () => (await replicas(workload)).every((replica) => replica.pid !== pid));
      return pid;
    },
    [Symbol.asyncDispose]: async () => {
      for (const caller of callers) caller[Symbol.dispose]();
      await stop();
    },
  };
}

async function readStatus(mesh: Mesh): Promise<ReplicaStatus[]> {
  return JSON.parse(await mesh("status", "--json")) as ReplicaStatus[];
}

async function gatewayAddress(mesh: Mesh): Promise<string> {
  const envoy = (await readStatus(mesh)).find(({ workload }) => workload === "envoy");
  const address = envoy?.ports.find(({ name }) => name === "http")?.listens;
  if (!address) throw new Error("mesh status names no port of the gateway");
  return address;
}

/** A folder with the system's own files, and links to what all systems share. */
function makeCopy(systems: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), `mesh-${systems[0]}-`));
  mkdirSync(join(folder, "services"));
  const services = systems.map((system) => `services/${system}`);
  for (const path of ["package.json", "skaffold.yaml", "istio", ...services]) {
    cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  for (const path of shared) symlinkSync(join(repository, path), join(folder, path));
  return folder;
}
