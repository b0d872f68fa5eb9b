// The `mesh` command, as it runs in this repository. What is published is published.ts.
import { policyCommands } from "./policy-commands.ts";
import { type Entry, runProgram } from "./program.ts";

const entries: readonly Entry[] = [
  { name: "up", summary: "start PostgreSQL, NATS, Envoy and the services", load: () => import("./up.ts") },
  { name: "down", summary: "stop everything; the data stays", load: () => import("./down.ts") },
  { name: "status", summary: "show what runs", load: () => import("./status.ts") },
  { name: "logs", summary: "print what a workload has written", load: () => import("./logs.ts") },
  { name: "scale", summary: "run another number of replicas", load: () => import("./scale.ts") },
  { name: "restart", summary: "start a workload's processes anew", load: () => import("./restart.ts") },
  { name: "stop", summary: "stop a workload", load: () => import("./stop.ts") },
  { name: "start", summary: "start what was stopped", load: () => import("./start.ts") },
  { name: "apply", summary: "put a kustomize overlay in force, or take it away", load: () => import("./apply.ts") },
  { name: "demo", summary: "run a demonstration of failure, or list them", load: () => import("./demo.ts") },
  { name: "config", summary: "print what Envoy runs", load: () => import("./config.ts") },
  { name: "doctor", summary: "check what the mesh needs of this machine", load: () => import("./doctor.ts") },
  {
    name: "dead-letters",
    summary: "list the events that a service could not apply, or deliver them again",
    load: () => import("./dead-letters.ts"),
  },
  { name: "daemon", summary: "run a mesh without a terminal", load: () => import("./daemon.ts") },
  ...policyCommands,
  {
    name: "test",
    summary: "run tests of policies: routing in memory, behaviour on a real Envoy",
    load: () => import("./test.ts"),
  },
  { name: "metrics", summary: "what Envoy counts, for Prometheus", load: () => import("./metrics.ts") },
  { name: "breakers", summary: "show every caller's circuit breakers", load: () => import("./breakers.ts") },
];

await runProgram(entries, process.argv);
