// From the text of an edited policy to Envoy's acknowledgement that it is in force: 30 services in 5 systems, a VirtualService and a
// DestinationRule each, two replicas of every one, all in one Envoy. Once with a Sidecar a system, as this repository has
// them, and once without, where every caller knows every service.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadText } from "#mesh/istio/load.ts";
import { ControlPlane, type Replica } from "#mesh/local/control-plane.ts";
import { type Row, row } from "./report.ts";

const services = 30;
const systems = 5;
const replicasEach = 2;
const edits = 100;

export async function benchEdit(): Promise<Row[]> {
  const scoped = await measure({ sidecars: true });
  const open = await measure({ sidecars: false });
  return [
    row("edit to in force, Sidecar a system, p50", scoped.p50, { unit: "ms" }),
    row("edit to in force, Sidecar a system, p99", scoped.p99, { unit: "ms", mustBeAtMost: 300 }),
    row("edit to in force, no Sidecar, p50", open.p50, { unit: "ms" }),
    row("edit to in force, no Sidecar, p99", open.p99, { unit: "ms" }),
  ];
}

async function measure(what: { sidecars: boolean }): Promise<{ p50: number; p99: number }> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-bench-"));
  const plane = await ControlPlane.start({ stateDir: folder, runDir: folder, logDir: folder, gateway: { http: 0 } });
  try {
    const replicas = Array.from({ length: services * replicasEach }, (_, index) => replicaOf(index, folder));
    const put = async (edit: number) => {
      const { objects } = loadText(meshOf(edit, what), "bench.yaml");
      const { acknowledged } = await plane.apply({ objects, replicas });
      if (!acknowledged) throw new Error("Envoy does not run what was edited");
    };
    await put(0);
    const took: number[] = [];
    for (let edit = 1; edit <= edits; edit++) {
      const startedAt = performance.now();
      await put(edit);
      took.push(performance.now() - startedAt);
    }
    took.sort((a, b) => a - b);
    return { p50: at(took, 0.5), p99: at(took, 0.99) };
  } finally {
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function namespaceOf(service: number): string {
  return `n${service % systems}`;
}

function replicaOf(index: number, folder: string): Replica {
  const service = index % services;
  const number = Math.floor(index / services) + 1;
  return {
    name: `s${service}-${number}`,
    namespace: namespaceOf(service),
    workload: `s${service}`,
    labels: { app: `s${service}` },
    serviceAccount: `s${service}`,
    ip: `127.${200 + number}.${process.pid % 250}.${service + 1}`,
    // Nobody calls them: it is the configuration that is measured.
    ports: [{ name: "grpc", containerPort: 50051, upstream: `unix:${join(folder, "up")}` }],
    outbound: `unix:${join(folder, `${index}.out`)}`,
    ready: true,
  };
}

/** `edit` alternates between a route's timeout and a breaker's limit of one service. */
function meshOf(edit: number, { sidecars }: { sidecars: boolean }): string {
  const all = Array.from({ length: services }, (_, index) => serviceOf(index, index === 3 ? edit : 0));
  const scopes = Array.from({ length: systems }, (_, index) => scopeOf(`n${index}`));
  return [...all, ...(sidecars ? scopes : [])].join("---\n");
}

function scopeOf(namespace: string): string {
  return `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: ${namespace}}
spec: {egress: [{hosts: ["./*"]}]}
`;
}

function serviceOf(index: number, edit: number): string {
  const name = `s${index}`;
  const namespace = namespaceOf(index);
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, ports: [{name: grpc, port: 50051, targetPort: grpc}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  hosts: [${name}]
  http:
    - {match: [{uri: {prefix: /read}}], timeout: ${1 + ((edit + 1) >> 1)}s, retries: {attempts: 1, retryOn: connect-failure}, route: [{destination: {host: ${name}}}]}
    - {timeout: 2s, retries: {attempts: 0}, route: [{destination: {host: ${name}}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  host: ${name}
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: ${1000 + (edit >> 1)}}}
    outlierDetection: {consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 3s, maxEjectionPercent: 100}
`;
}
