// How long one caller's configuration takes in a mesh of many services, each with its endpoints, a VirtualService and a
// DestinationRule: from the text of the files to the finished listeners, routes, clusters and endpoints. With a number as its argument
// it measures that many in this process alone and prints the milliseconds and the memory. The time is that of the processor, of the
// helper threads too: what one core needs.
import { execFileSync } from "node:child_process";
import { loadText } from "#mesh/istio/load.ts";
import { compileProxy } from "#mesh/xds/compile.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { policiesOf } from "./policies.ts";
import { type Row, row } from "./report.ts";

const sizes = [100, 250, 500, 1_000] as const;
const rounds = 3;

interface Measured {
  ms: number;
  megabytes: number;
}

/** The curve from 100 to 1,000 services, each point in a process of its own and the best of three. */
export function benchCompile(): Row[] {
  const best = new Map(sizes.map((size) => [size, bestOf(size)]));
  const seconds = (size: (typeof sizes)[number]) => (best.get(size)?.ms ?? Number.NaN) / 1_000;
  return [
    ...sizes.slice(0, -1).map((size) => row(`${size} services, one caller`, seconds(size), { unit: "s" })),
    row("1000 services, one caller", seconds(1_000), { unit: "s", mustBeAtMost: 1 }),
    row("1000 against 500 services (linear is 2)", seconds(1_000) / seconds(500), { unit: "times", mustBeAtMost: 2.5 }),
    row("memory at 1000 services", best.get(1_000)?.megabytes ?? Number.NaN, { unit: "MB", mustBeAtMost: 300 }),
  ];
}

function bestOf(size: number): Measured {
  const runs = Array.from({ length: rounds }, () => measureApart(size));
  return {
    ms: Math.min(...runs.map(({ ms }) => ms)),
    megabytes: Math.min(...runs.map(({ megabytes }) => megabytes)),
  };
}

function measureApart(size: number): Measured {
  return JSON.parse(execFileSync(process.execPath, [import.meta.filename, String(size)]).toString()) as Measured;
}

function measure(size: number): Measured {
  const text = Array.from({ length: size }, (_, index) => service(index)).join("---\n");
  const before = process.cpuUsage();
  const { mesh } = buildMesh(loadText(text, "mesh.yaml").objects);
  const made = compileProxy(mesh, {
    name: "s0-1",
    namespace: "n0",
    labels: { app: "s0", version: "v1" },
    ip: "10.1.0.0",
    type: "sidecar",
    serviceAccount: "s0",
  });
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1_000;
  if (made.clusters.length < 2 * size) throw new Error(`only ${made.clusters.length} clusters`);
  return { ms, megabytes: process.resourceUsage().maxRSS / 1_024 };
}

function service(index: number): string {
  const name = `s${index}`;
  const namespace = `n${index % 20}`;
  const address = `${index >> 8}.${index & 255}`;
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {clusterIP: 10.0.${address}, selector: {app: ${name}}, ports: [{name: grpc, port: 50051, targetPort: 50051}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {app: ${name}, version: v1}}
spec: {serviceAccountName: ${name}, containers: []}
status: {podIP: 10.1.${address}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: grpc, port: 50051, protocol: TCP}]
endpoints: [{addresses: [10.1.${address}], targetRef: {kind: Pod, name: ${name}-1, namespace: ${namespace}}}]
---
${policiesOf(name, namespace)}`;
}

const size = Number(process.argv[2]);
if (process.argv[1] === import.meta.filename && size > 0) process.stdout.write(JSON.stringify(measure(size)));
