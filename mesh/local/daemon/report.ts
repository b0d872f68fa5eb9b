import type { Finding } from "#mesh/istio/finding.ts";
import type { Replica } from "../supervisor/replica.ts";
import type { Daemon } from "./daemon.ts";
import { toPlaced } from "./data-plane.ts";
import { gatewayUrls } from "./gateway-urls.ts";
import { textOfFinding } from "./pushes.ts";
import type { Servers } from "./servers.ts";
import type { Status, StatusRow, WorkloadStatus } from "./status.ts";

/** What `GET /status` answers. */
export function reportStatus(daemon: Daemon): Status {
  const { configuration, deployer, servers, pushes, sampleData, overlays, phase } = daemon;
  const serverRows = rowsOfServers(servers);
  const workloads = rowsOfWorkloads(daemon);
  const systems = deployer.systemsOf(configuration);
  const now = {
    serversReady: serverRows.every(({ ready }) => ready),
    settled: workloads.every((workload) => workload.settled),
    inForce: pushes.inForce,
    sampled: systems.every((system) => sampleData.isDone(system)),
  };
  const quiet = daemon.idle && pushes.idle;
  const gatewayPort = servers.controlPlane?.ports.http ?? 0;
  return {
    pid: process.pid,
    phase,
    gatewayPort,
    systems,
    rows: [...serverRows, ...daemon.supervisor.replicas.map(toRow)],
    workloads,
    findings: unique([
      ...daemon.shortcomings,
      ...configuration.findings,
      ...deployer.findings,
      ...pushes.findings,
      ...sampleData.findings,
    ]),
    inForce: now.inForce,
    ready: phase === "running" && quiet && Object.values(now).every(Boolean),
    activity: activityOf(now),
    overlays: overlays.folders,
    urls: gatewayUrls(configuration.objects, systems, gatewayPort),
  };
}

function activityOf(now: { serversReady: boolean; settled: boolean; inForce: boolean; sampled: boolean }): string {
  if (!now.serversReady) return "starting PostgreSQL, NATS and Envoy";
  if (!now.settled) return "starting services";
  if (!now.inForce) return "putting the configuration in force";
  return now.sampled ? "" : "putting sample data";
}

function rowsOfWorkloads({ supervisor }: Daemon): WorkloadStatus[] {
  return [...supervisor.controllers.values()].map((controller) => ({
    system: controller.template.workload.system,
    workload: controller.template.workload.name,
    desired: controller.desired,
    ready: controller.replicas.filter((replica) => replica.ready).length,
    settled: controller.settled,
  }));
}

function rowsOfServers({ postgres, nats, controlPlane, downloading }: Servers): StatusRow[] {
  const { pid = 0, restarts = 0 } = controlPlane?.envoy ?? {};
  const envoy: StatusRow = {
    system: "mesh",
    workload: "envoy",
    replica: "envoy",
    state: pid ? "Running" : controlPlane ? "CrashLoopBackOff" : "Starting",
    ready: pid > 0,
    restarts,
    pid,
    ports: controlPlane
      ? [
          { name: "http", port: 80, listens: `127.0.0.1:${controlPlane.ports.http}` },
          { name: "https", port: 443, listens: `127.0.0.1:${controlPlane.ports.https}` },
        ]
      : [],
    reason: controlPlane || !downloading.has("envoy") ? "" : "the first start downloads it",
  };
  const natsRow = rowOfServer(nats, 4222);
  const natsLoading = natsRow.state === "Starting" && natsRow.restarts === 0 && downloading.has("nats-server");
  const reason = natsLoading ? "the first start downloads it" : natsRow.reason;
  return [rowOfServer(postgres, 5432), { ...natsRow, reason }, envoy];
}

function rowOfServer(server: Servers["postgres"] | Servers["nats"], port: number): StatusRow {
  const { name, state, restarts, pid, reason, current } = server;
  return {
    system: "mesh",
    workload: name,
    replica: name,
    state,
    ready: state === "Running",
    restarts,
    pid,
    ports: current ? [{ name, port, listens: `127.0.0.1:${current.port}` }] : [],
    reason,
  };
}

function toRow(replica: Replica): StatusRow {
  const { workload } = replica.template;
  const { ports } = toPlaced(replica);
  return {
    system: workload.system,
    workload: workload.name,
    replica: replica.pod.name,
    state: replica.state,
    ready: replica.ready,
    restarts: replica.restarts,
    pid: replica.pid,
    ports: ports.map(({ name, containerPort, upstream }) => ({ name, port: containerPort, listens: upstream })),
    reason: replica.reason,
  };
}

function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [textOfFinding(finding), finding])).values()];
}
