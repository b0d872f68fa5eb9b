// How long `mesh lint` takes on many services, each with a Deployment, a VirtualService and a DestinationRule. With a number as its
// argument it measures that many in this process alone and prints the milliseconds.
import { execFileSync } from "node:child_process";
import { lint } from "#mesh/istio/lint/lint.ts";
import { loadText } from "#mesh/istio/load.ts";
import { policiesOf } from "./policies.ts";
import { type Row, row } from "./report.ts";

const sizes = [100, 250, 500, 1_000] as const;
const rounds = 3;

/** The curve from 100 to 1,000 services, each point in a process of its own and the best of three; 1,000 must take at most 3 s. */
export function benchLint(): Row[] {
  const best = new Map(
    sizes.map((size) => [size, Math.min(...Array.from({ length: rounds }, () => measureApart(size)))]),
  );
  const seconds = (size: (typeof sizes)[number]) => (best.get(size) ?? Number.NaN) / 1_000;
  const growth = seconds(1_000) / seconds(500);
  return [
    ...sizes.slice(0, -1).map((size) => row(`${size} services, all findings`, seconds(size), { unit: "s" })),
    row("1000 services, all findings", seconds(1_000), { unit: "s", mustBeAtMost: 3 }),
    row("1000 against 500 services (linear is 2)", growth, { unit: "times", mustBeAtMost: 2.5 }),
  ];
}

function measureApart(size: number): number {
  return Number(execFileSync(process.execPath, [import.meta.filename, String(size)]).toString());
}

function measure(size: number): number {
  const text = Array.from({ length: size }, (_, index) => service(index, size)).join("---\n");
  const started = performance.now();
  const { objects } = loadText(text, "mesh.yaml");
  lint(objects);
  return performance.now() - started;
}

/** A service that calls another, with a policy that has a few mistakes. */
function service(index: number, size: number): string {
  const name = `s${index}`;
  const namespace = `n${index % 20}`;
  const callee = (index * 7 + 1) % size;
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, ports: [{name: grpc, port: 50051}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: 3
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}, version: v1}}
    spec: {containers: [{name: main, env: [{name: CALLEE, value: "s${callee}.n${callee % 20}:50051"}]}]}
---
${policiesOf(name, namespace)}`;
}

const size = Number(process.argv[2]);
if (process.argv[1] === import.meta.filename && size > 0) process.stdout.write(String(measure(size)));
