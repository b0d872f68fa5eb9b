import { readFileSync } from "node:fs";
import { adminJson } from "../envoy-admin.ts";

/** What Envoy's admin interface and its log of ejections tell, parsed once. */
export interface AdminState {
  readonly clusters: readonly ClusterStatus[];
  /** Name of a statistic without `cluster.`, as in `CLUSTER;.upstream_rq_retry`, to its value. */
  readonly stats: ReadonlyMap<string, number>;
  readonly detection: ReadonlyMap<string, Detection>;
  readonly events: readonly OutlierEvent[];
}

export interface ClusterStatus {
  readonly name: string;
  readonly hosts: readonly HostStatus[];
  readonly thresholds: Readonly<Record<string, number>>;
}

export interface HostStatus {
  readonly address: string;
  readonly ejected: boolean;
}

/** A cluster's outlier detection, as far as it says how long an ejection lasts. */
export interface Detection {
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
}

export interface OutlierEvent {
  readonly cluster: string;
  readonly host: string;
  readonly action: "EJECT" | "UNEJECT";
  readonly type: string;
  readonly timestamp: string;
  readonly ejections: number;
  readonly enforced: boolean;
}

const wantedStats =
  "(upstream_rq_retry|upstream_rq_retry_success|upstream_rq_retry_overflow|upstream_rq_active|upstream_rq_pending_active|upstream_rq_pending_overflow|upstream_cx_active|upstream_cx_overflow|ejections_overflow)$";
/** How much of the ejections' log is read, from its end. */
const tailBytes = 4 << 20;

export async function readAdminState(source: { admin: string; outlierLog: string }): Promise<AdminState> {
  const [clusters, stats, config] = await Promise.all([
    adminJson(source.admin, "/clusters?format=json"),
    adminJson(source.admin, `/stats?format=json&filter=${encodeURIComponent(wantedStats)}`),
    adminJson(
      source.admin,
      "/config_dump?resource=dynamic_active_clusters&mask=cluster.name,cluster.outlier_detection",
    ),
  ]);
  return {
    clusters: at(clusters, "cluster_statuses").map(clusterStatus),
    stats: new Map(
      at(stats, "stats").map((stat) => [text(stat, "name").replace(/^cluster\./, ""), number(stat, "value")]),
    ),
    detection: new Map(at(config, "configs").flatMap((entry) => detection(field(entry, "cluster")))),
    events: parseEvents(tail(source.outlierLog)),
  };
}

/** The events in the text of Envoy's outlier log; a line that is cut is skipped. */
export function parseEvents(log: string): OutlierEvent[] {
  return log.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    try {
      const event: unknown = JSON.parse(line);
      const action = text(event, "action");
      if (action !== "EJECT" && action !== "UNEJECT") return [];
      return [
        {
          action,
          cluster: text(event, "cluster_name"),
          host: text(event, "upstream_url"),
          type: text(event, "type"),
          timestamp: text(event, "timestamp"),
          ejections: number(event, "num_ejections"),
          enforced: field(event, "enforced") === true,
        },
      ];
    } catch {
      return [];
    }
  });
}

function clusterStatus(status: unknown): ClusterStatus {
  const [byDefault] = at(field(status, "circuit_breakers"), "thresholds").filter((entry) => !text(entry, "priority"));
  const names = ["max_connections", "max_pending_requests", "max_requests", "max_retries"];
  return {
    name: text(status, "name"),
    hosts: at(status, "host_statuses").map((host) => ({
      address: addressOf(field(host, "address")),
      ejected: field(field(host, "health_status"), "failed_outlier_check") === true,
    })),
    thresholds: Object.fromEntries(names.map((name) => [name, number(byDefault, name)])),
  };
}

function addressOf(address: unknown): string {
  const socket = field(address, "socket_address");
  return socket ? `${text(socket, "address")}:${number(socket, "port_value")}` : text(field(address, "pipe"), "path");
}

function detection(cluster: unknown): [string, Detection][] {
  const outlier = field(cluster, "outlier_detection");
  if (!outlier) return [];
  // Envoy's defaults.
  const baseEjectionMs = durationMs(field(outlier, "base_ejection_time"), 30_000);
  const maxEjectionMs = durationMs(field(outlier, "max_ejection_time"), Math.max(300_000, baseEjectionMs));
  return [[text(cluster, "name"), { baseEjectionMs, maxEjectionMs }]];
}

function durationMs(value: unknown, otherwise: number): number {
  return typeof value === "string" ? Number.parseFloat(value) * 1000 : otherwise;
}

function tail(file: string): string {
  try {
    const content = readFileSync(file);
    return content.subarray(Math.max(0, content.length - tailBytes)).toString("utf8");
  } catch {
    return ""; // Nothing was ever ejected.
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function at(value: unknown, key: string): unknown[] {
  const list = field(value, key);
  return Array.isArray(list) ? list : [];
}

function text(value: unknown, key: string): string {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
}

function number(value: unknown, key: string): number {
  return Number(field(value, key) ?? 0);
}
