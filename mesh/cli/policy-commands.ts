import type { Entry } from "./program.ts";

/** The commands that need nothing but YAML. They are published; the others run in this repository. */
export const policyCommands: readonly Entry[] = [
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
    name: "diff",
    summary: "compare two versions of Istio YAML: who is touched, and how",
    load: () => import("./diff.ts"),
  },
  { name: "compile", summary: "print the Envoy configuration of Istio YAML", load: () => import("./compile.ts") },
];
