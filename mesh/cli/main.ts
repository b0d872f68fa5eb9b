// The `mesh` command. Each sub-command is one file, loaded when it is called, so that `mesh lint` does not wait for what
// `mesh up` needs.
import { enableCompileCache } from "node:module";
import { Command } from "commander";

interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ command(): Command }>;
}

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
  { name: "config", summary: "print what Envoy runs", load: () => import("./config.ts") },
  { name: "doctor", summary: "check what the mesh needs of this machine", load: () => import("./doctor.ts") },
  { name: "daemon", summary: "run a mesh without a terminal", load: () => import("./daemon.ts") },
  {
    name: "lint",
    summary: "check Istio YAML: what istiod refuses, what will not work, and why",
    load: () => import("./lint.ts"),
  },
  {
    name: "route",
    summary: "explain which route, timeout, retries and breaker a request meets, line by line",
    load: () => import("./route.ts"),
  },
  {
    name: "test",
    summary: "run tests of policies: routing in memory, behaviour on a real Envoy",
    load: () => import("./test.ts"),
  },
  {
    name: "diff",
    summary: "compare two versions of Istio YAML: who is touched, and how",
    load: () => import("./diff.ts"),
  },
  { name: "breakers", summary: "show every caller's circuit breakers", load: () => import("./breakers.ts") },
  { name: "compile", summary: "print the Envoy configuration of Istio YAML", load: () => import("./compile.ts") },
];

async function main(argv: string[]): Promise<void> {
  const program = new Command("mesh").description(
    "Puts Istio's VirtualServices and DestinationRules in force on a real Envoy, without Kubernetes.",
  );
  const wanted = entries.find((entry) => entry.name === argv[2]);
  if (wanted) program.addCommand((await wanted.load()).command());
  else for (const entry of entries) program.command(entry.name).summary(entry.summary).description(entry.summary);
  await program.parseAsync(argv);
}

// Half of the time to the first line of output otherwise goes into reading TypeScript again and again.
enableCompileCache();
await main(process.argv);
