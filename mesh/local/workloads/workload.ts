import type { Strategy } from "../supervisor/rollout.ts";
import type { MountedClaim } from "./volumes.ts";

/** A Deployment with what belongs to it, as far as it means something on a laptop. Defaults are Kubernetes'. */
export interface Workload {
  /** The folder under services/ it stands in; its namespace when it stands elsewhere. */
  readonly system: string;
  readonly namespace: string;
  readonly name: string;
  /** Where it is written. */
  readonly file: string;
  /** The folder the processes start in and relative paths mean. */
  readonly folder: string;
  readonly replicas: number;
  readonly strategy: Strategy;
  readonly minReadySeconds: number;
  /** Labels of the pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly terminationGracePeriodSeconds: number;
  readonly container: Container;
  readonly run: RunPlan;
  readonly autoscaling?: Autoscaling;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly EnvVariable[];
  readonly ports: readonly ContainerPort[];
  readonly mounts: readonly MountedClaim[];
  readonly probes: { readonly startup?: Probe; readonly liveness?: Probe; readonly readiness?: Probe };
  readonly preStop?: PreStop;
  /** Cores; what autoscaling measures use against. */
  readonly cpuRequest?: number;
  readonly memoryRequestBytes?: number;
  readonly memoryLimitBytes?: number;
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  /** By the name of the port, or of the Service's port that leads to it. */
  readonly grpc: boolean;
}

/** One variable, or all keys of a ConfigMap or Secret; in the order in which later ones win. */
export type EnvVariable =
  | { readonly from: "value"; readonly name: string; readonly value: string }
  | { readonly from: "field"; readonly name: string; readonly fieldPath: string }
  | { readonly from: "resource"; readonly name: string; readonly resource: string }
  | {
      readonly from: "configMap" | "secret";
      readonly name: string;
      readonly object: string;
      readonly key: string;
      readonly optional: boolean;
    }
  | {
      readonly from: "allOfConfigMap" | "allOfSecret";
      readonly prefix: string;
      readonly object: string;
      readonly optional: boolean;
    };

export type ProbeAction =
  | { readonly type: "grpc"; readonly port: number; readonly service: string }
  | {
      readonly type: "http";
      readonly port: number;
      readonly path: string;
      readonly scheme: "HTTP" | "HTTPS";
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly type: "tcp"; readonly port: number }
  | { readonly type: "exec"; readonly command: readonly string[] };

export interface Probe {
  readonly action: ProbeAction;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  /** Instead of the pod's own, when this probe ends the container. */
  readonly terminationGracePeriodSeconds?: number;
}

export type PreStop =
  | { readonly type: "sleep"; readonly seconds: number }
  | { readonly type: "exec"; readonly command: readonly string[] };

/** How the container's image is run without an image. */
export type RunPlan =
  /** A TypeScript entry that is bundled and run by Node. */
  | { readonly type: "bundle"; readonly entry: string }
  /** A shell command of the annotation mainsheet.dev/run. */
  | { readonly type: "command"; readonly command: string };

export interface Autoscaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly Metric[];
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

export interface Metric {
  readonly resource: "cpu" | "memory";
  /** Percent of the request, or cores (bytes) a replica. */
  readonly target: { readonly type: "Utilization" | "AverageValue"; readonly value: number };
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: "Max" | "Min" | "Disabled";
  readonly policies: readonly {
    readonly type: "Pods" | "Percent";
    readonly value: number;
    readonly periodSeconds: number;
  }[];
}

/** `siren/product`: how commands, logs and messages call a workload. */
export function workloadId(workload: { system: string; name: string }): string {
  return `${workload.system}/${workload.name}`;
}
