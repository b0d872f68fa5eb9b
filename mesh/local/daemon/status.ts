import type { Finding } from "#mesh/istio/finding.ts";

/** One running copy of something: what `mesh status --json` prints. */
export interface StatusRow {
  readonly system: string;
  readonly workload: string;
  readonly replica: string;
  readonly state: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** 0 while no process runs. */
  readonly pid: number;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly listens: string }[];
  /** Why it is in this state; empty when all is well. */
  readonly reason: string;
}

export interface WorkloadStatus {
  readonly system: string;
  readonly workload: string;
  readonly desired: number;
  readonly ready: number;
  /** As many as desired, all of the latest template and ready. */
  readonly settled: boolean;
}

export type Phase = "starting" | "running" | "stopping";

/** What the daemon tells about itself. */
export interface Status {
  readonly pid: number;
  readonly phase: Phase;
  readonly gatewayPort: number;
  readonly systems: readonly string[];
  /** PostgreSQL, NATS and Envoy first. */
  readonly rows: readonly StatusRow[];
  readonly workloads: readonly WorkloadStatus[];
  readonly findings: readonly Finding[];
  /** Whether Envoy runs what the YAML says. */
  readonly inForce: boolean;
  /** All servers and wanted workloads are ready, the configuration is in force and sample data is there. */
  readonly ready: boolean;
  /** What it is doing, in one line. */
  readonly activity: string;
  readonly overlays: readonly string[];
  readonly urls: readonly string[];
}
