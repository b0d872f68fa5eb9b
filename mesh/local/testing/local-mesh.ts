import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadText } from "#mesh/istio/load.ts";
import { type Applied, ControlPlane, type ControlPlaneOptions, type Replica } from "../control-plane.ts";
import { EchoServer } from "./echo.ts";

export interface Workload {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A running copy in a test: its sidecar's place, and the server behind it. */
export interface TestReplica {
  readonly replica: Replica;
  readonly server: EchoServer;
}

/** Of this process. Processes that run at the same time have networks of their own, and meshes within one have parts of it. */
let started = 0;

/** A control plane with a real Envoy and echo servers behind sidecars, in a temporary folder, on free ports. */
export class LocalMesh implements AsyncDisposable {
  readonly folder: string;
  readonly plane: ControlPlane;
  readonly #network: string;
  readonly #first: number;
  #replicas: TestReplica[] = [];
  #yaml = "";

  static async start(options: Partial<ControlPlaneOptions> = {}): Promise<LocalMesh> {
    const folder = mkdtempSync(join(tmpdir(), "mesh-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "run"));
    const plane = await ControlPlane.start({
      stateDir: folder,
      runDir: join(folder, "run"),
      logDir: join(folder, "logs"),
      gateway: { http: 0 },
      concurrency: 2,
      ...options,
    });
    return new LocalMesh(folder, plane);
  }

  private constructor(folder: string, plane: ControlPlane) {
    this.folder = folder;
    this.plane = plane;
    started += 1;
    this.#network = `127.${16 + ((process.pid >> 8) % 32)}.${process.pid % 256}`;
    this.#first = 50 * (started % 5);
  }

  get replicas(): readonly TestReplica[] {
    return this.#replicas;
  }

  /** Starts an echo server for one more replica; `apply` makes it part of the mesh. */
  async add(workload: Workload): Promise<TestReplica> {
    const number = this.#replicas.length + 1;
    const name = `${workload.name}-${number}`;
    const upstream = `unix:${join(this.folder, "run", `${name}.up`)}`;
    const replica: Replica = {
      name,
      namespace: workload.namespace ?? "siren",
      workload: workload.name,
      labels: { app: workload.name, ...workload.labels },
      serviceAccount: workload.name,
      ip: `${this.#network}.${this.#first + number}`,
      ports: [{ name: "grpc", containerPort: 50051, upstream }],
      outbound: `unix:${join(this.folder, "run", `${name}.out`)}`,
      ready: true,
    };
    const added = { replica, server: await EchoServer.start(upstream) };
    this.#replicas.push(added);
    return added;
  }

  /** Puts YAML in force, with a Service for each workload. */
  apply(yaml: string, replicas: readonly Replica[] = this.#replicas.map(({ replica }) => replica)): Promise<Applied> {
    this.#yaml = yaml;
    const names = new Map(
      replicas.map(({ workload, namespace }) => [`${namespace}/${workload}`, { workload, namespace }]),
    );
    const services = [...names.values()].map(
      ({ workload, namespace }) => `
apiVersion: v1
kind: Service
metadata: { name: ${workload}, namespace: ${namespace} }
spec: { selector: { app: ${workload} }, ports: [{ name: grpc, port: 50051, targetPort: grpc }] }`,
    );
    const own = loadText(this.#yaml, "test.yaml");
    const { objects } = loadText(services.join("\n---\n"), "services.yaml");
    return this.plane.apply({ objects: [...own.objects, ...objects], replicas, findings: own.findings });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#replicas) await server.close();
    await this.plane.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
