import { adminGet } from "../envoy-admin.ts";
import { parseScoped } from "../localize/names.ts";

/** Statistics of clusters that tell about retries, limits and ejections. */
const clusterMetrics: Readonly<Record<string, "counter" | "gauge">> = {
  upstream_rq_total: "counter",
  upstream_rq_timeout: "counter",
  upstream_rq_retry: "counter",
  upstream_rq_retry_success: "counter",
  upstream_rq_retry_overflow: "counter",
  upstream_rq_pending_overflow: "counter",
  upstream_rq_active: "gauge",
  upstream_cx_active: "gauge",
  "outlier_detection.ejections_active": "gauge",
  "outlier_detection.ejections_enforced_total": "counter",
  "outlier_detection.ejections_overflow": "counter",
};

/**
 * What Envoy counts, in Prometheus' text format: requests under Istio's names and labels (`istio_requests_total`,
 * `istio_request_duration_milliseconds`), and clusters under Envoy's, with the caller's pod as a label as in a cluster, where every pod is
 * scraped by itself.
 *
 * @param admin unix socket of Envoy's admin interface
 */
export async function readMetrics(admin: string): Promise<string> {
  const wanted = Object.keys(clusterMetrics).join("|");
  const [requests, clusters] = await Promise.all([
    adminGet(admin, `/stats/prometheus?filter=${encodeURIComponent("^istio\\.")}`),
    adminGet(admin, `/stats?filter=${encodeURIComponent(`^cluster\\..*;\\.(${wanted})$`)}`),
  ]);
  return `${istioMetrics(requests.body)}${clusterSamples(clusters.body)}`;
}

/** Envoy puts its own name before every metric, and writes `-` for what it does not know. */
export function istioMetrics(text: string): string {
  return text
    .replaceAll(/^(# TYPE )?envoy_(?=istio_)/gm, "$1")
    .replaceAll('="-"', '="unknown"')
    .replaceAll(/source_principal="([^"]*)"/g, withSource);
}

/** What Istio tells of a caller that reports as a callee, from the caller's identity. */
function withSource(label: string, principal: string, at: number, all: string): string {
  const [, namespace = "unknown", workload = "unknown"] = /\/ns\/([^/]+)\/sa\/(.+)$/.exec(principal) ?? [];
  const security = `connection_security_policy="${principal.startsWith("spiffe:") ? "mutual_tls" : "none"}"`;
  const line = all.slice(all.lastIndexOf("\n", at) + 1, at);
  if (!line.includes('reporter="destination"')) return label;
  return `source_workload="${workload}",source_workload_namespace="${namespace}",${label},${security}`;
}

function clusterSamples(text: string): string {
  const samples = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, cluster = "", metric = "", value = ""] = /^cluster\.(.+);\.(.+): (\d+)$/.exec(line) ?? [];
    const scope = parseScoped(cluster);
    if (!scope || !(metric in clusterMetrics)) continue;
    const [pod, namespace] = splitKey(scope.key);
    const labels = `cluster_name="${scope.name}",namespace="${namespace}",pod="${pod}"`;
    const lines = samples.get(metric) ?? [];
    lines.push(`${prometheusName(metric)}{${labels}} ${value}`);
    samples.set(metric, lines);
  }
  return [...samples]
    .map(([metric, lines]) => `# TYPE ${prometheusName(metric)} ${clusterMetrics[metric]}\n${lines.join("\n")}\n`)
    .join("");
}

function prometheusName(metric: string): string {
  return `envoy_cluster_${metric.replaceAll(".", "_")}`;
}

/** `pod.namespace`; a pod's name may have dots, a namespace has none. */
function splitKey(key: string): [pod: string, namespace: string] {
  const dot = key.lastIndexOf(".");
  return [key.slice(0, dot), key.slice(dot + 1)];
}
