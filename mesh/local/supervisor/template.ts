import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Bundle, Bundler } from "../daemon/bundler.ts";
import type { Ports } from "../daemon/ports.ts";
import type { Secrets } from "../daemon/secrets.ts";
import type { State } from "../daemon/state.ts";
import { expandVariables, resolveVariables, type TemplateVariable } from "../workloads/environment.ts";
import { databasesOf, type LocalServers, localizeEnvironment } from "../workloads/local-names.ts";
import { mountClaims } from "../workloads/volumes.ts";
import { type Workload, workloadId } from "../workloads/workload.ts";
import { stateVariable } from "./process-records.ts";
import type { Launch, LaunchPort, PodIdentity, Template } from "./replica.ts";

export interface TemplateSurroundings {
  readonly state: State;
  readonly bundler: Bundler;
  readonly secrets: Secrets;
  readonly ports: Ports;
  /** Once PostgreSQL and NATS answer. */
  servers(): Promise<LocalServers & { createDatabase(name: string): Promise<void> }>;
}

/**
 * What the replicas of a workload are made from. The hash changes with everything that needs a new process: code, environment,
 * probes, labels, resources; `generation` is what `mesh restart` counts up.
 *
 * @throws BundleError, and Error when a ConfigMap is missing
 */
export async function makeTemplate(
  workload: Workload,
  of: { objects: readonly KubeObject[]; generation: number },
  around: TemplateSurroundings,
): Promise<Template> {
  const variables = resolveVariables(workload, of.objects, (...key) => around.secrets.value(...key));
  const { run } = workload;
  const bundle = run.type === "bundle" ? await around.bundler.bundle(workloadId(workload), run.entry) : undefined;
  const { replicas: _number, autoscaling: _scaling, strategy: _strategy, file: _file, ...identity } = workload;
  const parts = JSON.stringify([identity, variables, bundle?.hash, of.generation]);
  const hash = createHash("sha256").update(parts).digest("hex").slice(0, 10);
  return { hash, workload, prepare: (pod) => prepare(pod, { workload, variables, bundle, around }) };
}

interface Recipe {
  readonly workload: Workload;
  readonly variables: readonly TemplateVariable[];
  readonly bundle: Bundle | undefined;
  readonly around: TemplateSurroundings;
}

async function prepare(pod: PodIdentity, recipe: Recipe): Promise<Launch> {
  const { workload, around } = recipe;
  const written = expandVariables(recipe.variables, { ...pod, workload });
  const servers = await around.servers();
  await Promise.all(databasesOf(written).map((name) => servers.createDatabase(name)));
  const ports = await bindPorts(pod, recipe);
  const { namespace } = workload;
  const folder = around.state.volumes;
  const env = {
    ...inherited(),
    HOSTNAME: pod.name,
    POD_NAME: pod.name,
    POD_NAMESPACE: namespace,
    NODE_COMPILE_CACHE: join(around.state.root, "compile-cache"),
    ...mountClaims(localizeEnvironment(written, servers), workload.container.mounts, { folder, namespace }),
    [stateVariable]: around.state.root,
    MESH_OUTBOUND: pod.outbound,
    ...portVariables(ports),
  };
  const release = () => {
    for (const { target } of ports) if ("port" in target) around.ports.giveBack(target.port);
  };
  return { ...commandOf(recipe), env, cwd: workload.folder, ports, release };
}

function commandOf({ workload, bundle }: Recipe): { command: string; args: readonly string[] } {
  if (workload.run.type === "command") return { command: "/bin/sh", args: ["-c", workload.run.command] };
  return { command: process.execPath, args: [bundle?.main ?? "", ...workload.container.args] };
}

/**
 * A bundled service listens for gRPC on a unix socket. Whatever else there is, and a process of another language, gets a port of
 * the loopback interface for each port of the container.
 */
async function bindPorts(pod: PodIdentity, { workload, around }: Recipe): Promise<LaunchPort[]> {
  const { ports } = workload.container;
  const grpc = workload.run.type === "bundle" ? ports.find((port) => port.grpc) : undefined;
  const bound: LaunchPort[] = [];
  for (const port of ports) {
    if (port === grpc) {
      rmSync(pod.listen, { force: true }); // A killed process leaves its socket behind.
      bound.push({ ...port, target: { path: pod.listen } });
    } else {
      bound.push({ ...port, target: { host: "127.0.0.1", port: await around.ports.take() } });
    }
  }
  return bound;
}

/** MESH_LISTEN for the gRPC port, PORT for the first other one, PORT_<NAME> for each that has a name. */
function portVariables(ports: readonly LaunchPort[]): Record<string, string> {
  const env: Record<string, string> = {};
  const grpc = ports.find((port) => port.grpc);
  if (grpc) env["MESH_LISTEN"] = textOf(grpc);
  for (const port of ports) {
    if (!("port" in port.target)) continue;
    env["PORT"] ??= String(port.target.port);
    if (port.name) env[`PORT_${port.name.toUpperCase().replaceAll("-", "_")}`] = String(port.target.port);
  }
  return env;
}

/** `unix:/path` or `127.0.0.1:port`. */
export function textOf({ target }: Pick<LaunchPort, "target">): string {
  return "path" in target ? `unix:${target.path}` : `${target.host}:${target.port}`;
}

/** What a process needs of ours to find programs and write temporary files; nothing else leaks into it. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
