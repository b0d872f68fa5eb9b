import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locate } from "./binaries.ts";
import { type Child, type Exit, startChild, stopOrphan, tailOf } from "./child.ts";
import { adminGet, adminPost } from "./envoy-admin.ts";
import type { Json } from "./envoy-api.ts";

export interface EnvoyOptions {
  /** Folder for the bootstrap, the admin socket and the pid; its path must be short (a socket's path has 107 bytes at most). */
  readonly runDir: string;
  /** Unix socket of the ADS server. */
  readonly adsSocket: string;
  readonly logFile: string;
  /** Where ejections are logged, a JSON object a line. */
  readonly outlierLog: string;
  /** Worker threads; default: a thread a core, at most 4. */
  readonly concurrency?: number;
  /** Default `warning`. */
  readonly logLevel?: string;
  /** URL of an OpenTelemetry collector (OTLP over HTTP). */
  readonly otlp?: string;
}

export interface Envoy {
  readonly pid: number;
  /** Unix socket of the admin interface. */
  readonly admin: string;
  readonly exited: Promise<Exit>;
  running(): boolean;
  stop(): Promise<void>;
}

const startMs = 30_000;
/** How long connections of a replaced listener may go on with the calls they carry. */
const drainSeconds = 5;

/**
 * Starts the one Envoy that holds every sidecar and the gateway, and waits until it has its first configuration from ADS. An
 * Envoy that an earlier, killed run left behind on the same folder is ended first.
 *
 * @throws when it does not come up; the message ends with its last log lines
 */
export async function startEnvoy(options: EnvoyOptions): Promise<Envoy> {
  const binary = await locate("envoy");
  mkdirSync(options.runDir, { recursive: true });
  const paths = {
    bootstrap: join(options.runDir, "envoy.json"),
    pid: join(options.runDir, "envoy.pid"),
    admin: join(options.runDir, "admin.sock"),
  };
  if (existsSync(paths.pid)) await stopOrphan(Number(readFileSync(paths.pid, "utf8")), paths.bootstrap, "SIGKILL");
  rmSync(paths.admin, { force: true });
  writeFileSync(paths.bootstrap, JSON.stringify(bootstrap(options, paths.admin), undefined, 1));
  const child = await startChild(binary, argumentsOf(options, paths.bootstrap), { logFile: options.logFile });
  writeFileSync(paths.pid, String(child.pid));
  const envoy: Envoy = {
    pid: child.pid,
    admin: paths.admin,
    exited: child.exited,
    running: child.running,
    stop: () => stop(child, paths),
  };
  try {
    await untilReady(envoy, options.logFile);
    return envoy;
  } catch (error) {
    await child.stop(0);
    throw error;
  }
}

function argumentsOf(options: EnvoyOptions, bootstrapFile: string): string[] {
  const concurrency = options.concurrency ?? Math.min(4, availableParallelism());
  return [
    ...["--config-path", bootstrapFile],
    ...["--concurrency", String(concurrency)],
    ...["--log-level", options.logLevel ?? "warning"],
    ...["--drain-time-s", String(drainSeconds)],
    ...["--drain-strategy", "immediate"],
    // Ejections and access logs are read as they happen; Envoy's default is 10 s.
    ...["--file-flush-interval-msec", "100"],
    // istiod writes fields that Envoy has deprecated; each use would be a line.
    ...["--component-log-level", "misc:error"],
    "--disable-hot-restart",
  ];
}

/** What Envoy reads at start; everything else comes over ADS. */
export function bootstrap(options: EnvoyOptions, admin: string): Json {
  const ads = { ads: {}, resource_api_version: "V3" };
  return {
    node: { id: "mainsheet", cluster: "mainsheet", locality: {} },
    admin: { address: { pipe: { path: admin, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: "mainsheet-ads" } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    // Tags are found by regular expressions over the name of every statistic, which is most of what a new cluster costs; here the
    // names themselves tell everything (they end in a semicolon, because they have dots in them).
    stats_config: { use_all_default_tags: false },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    cluster_manager: { outlier_detection: { event_log_path: options.outlierLog } },
    static_resources: { clusters: [adsCluster(options.adsSocket), ...otlpClusters(options.otlp)] },
    overload_manager: { resource_monitors: [connectionLimit] },
    layered_runtime: {
      layers: [
        {
          name: "mainsheet",
          static_layer: {
            // As istiod sets it: policies bring regular expressions of any size.
            "re2.max_program_size.error_level": 32768,
          },
        },
      ],
    },
  };
}

const connectionLimit: Json = {
  name: "envoy.resource_monitors.global_downstream_max_connections",
  typed_config: {
    "@type":
      "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
    max_active_downstream_connections: "50000",
  },
};

function adsCluster(socket: string): Json {
  return {
    name: "mainsheet-ads",
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: http2Upstream,
    load_assignment: endpointAt("mainsheet-ads", { pipe: { path: socket } }),
  };
}

function otlpClusters(endpoint: string | undefined): Json[] {
  if (!endpoint) return [];
  const { hostname, port } = new URL(endpoint);
  const address = { socket_address: { address: hostname, port_value: Number(port || 80) } };
  return [
    {
      name: otlpClusterName,
      type: "STRICT_DNS",
      connect_timeout: "1s",
      load_assignment: endpointAt(otlpClusterName, address),
    },
  ];
}

export const otlpClusterName = "mainsheet-otlp";

const http2Upstream: Json = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  },
};

/** A load assignment with one endpoint. */
export function endpointAt(clusterName: string, address: Json): Json {
  return { cluster_name: clusterName, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
}

async function untilReady(envoy: Envoy, logFile: string): Promise<void> {
  const giveUpAt = Date.now() + startMs;
  for (;;) {
    if (!envoy.running()) throw new Error(`Envoy does not start; the end of ${logFile}:\n${tailOf(logFile)}`);
    const answer = await adminGet(envoy.admin, "/ready").catch(() => undefined);
    if (answer?.status === 200) return;
    if (Date.now() > giveUpAt) throw new Error(`Envoy is not ready after ${startMs / 1000} s:\n${tailOf(logFile)}`);
    await sleep(20);
  }
}

/** Lets calls in flight finish (for a second at most), then ends the process. */
async function stop(child: Child, paths: { admin: string; pid: string }): Promise<void> {
  if (child.running()) await adminPost(paths.admin, "/quitquitquit").catch(() => undefined);
  await child.stop(3_000);
  rmSync(paths.pid, { force: true });
  rmSync(paths.admin, { force: true });
}
