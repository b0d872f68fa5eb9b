import type { ExtensionProvider } from "#mesh/istio/mesh-config.ts";
import { extension, type Json, type JsonObject } from "./json.ts";
import type { MeshSettings } from "./settings.ts";

/** What Istio writes for a request, by the name that it has in JSON. */
const operators: Record<string, string> = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  user_agent: "%REQ(USER-AGENT)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  authority: "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER_RAW%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  route_name: "%ROUTE_NAME%",
};

/** In text the request line is one quoted part, and so are the parts that callers can choose. */
function defaultText(): string {
  const { start_time, method, path, protocol, ...rest } = operators;
  const chosen = new Set([
    "upstream_transport_failure_reason",
    "x_forwarded_for",
    "user_agent",
    "request_id",
    "authority",
    "upstream_host",
  ]);
  const parts = Object.entries(rest).map(([name, operator]) => (chosen.has(name) ? `"${operator}"` : operator));
  return `[${start_time}] "${method} ${path} ${protocol}" ${parts.join(" ")}\n`;
}

/** The access log that the mesh configuration's `accessLogFile` and its format ask for. */
export function meshAccessLog(path: string, { fields }: MeshSettings): JsonObject {
  const format = fields.accessLogFormat ?? "";
  if (fields.accessLogEncoding !== "JSON") return fileLog(path, textFormat(format));
  return fileLog(path, jsonFormat(parseObject(format) ?? operators));
}

/** The access log of a provider; undefined when it is of a kind that writes none, or none that is supported. */
export function providerAccessLog(provider: ExtensionProvider, settings: MeshSettings): JsonObject | undefined {
  const file = provider.envoyFileAccessLog;
  if (!file) return undefined;
  const path = file.path || "/dev/stdout";
  const isBuiltIn = provider.name === "envoy" && !file.logFormat && !file.omitEmptyValues;
  if (isBuiltIn) return meshAccessLog(path, settings);
  const labels = file.logFormat?.labels;
  const format = labels === undefined ? textFormat(file.logFormat?.text ?? "") : jsonFormat(labelsOf(labels));
  return fileLog(path, { ...format, ...(file.omitEmptyValues && { omit_empty_values: true }) });
}

function labelsOf(labels: unknown): Record<string, Json> {
  const known = parseObject(JSON.stringify(labels));
  return known && Object.keys(known).length > 0 ? known : operators;
}

function parseObject(text: string): Record<string, Json> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, Json>)
      : undefined;
  } catch {
    return undefined;
  }
}

function textFormat(text: string): JsonObject {
  const line = text === "" ? defaultText() : text.endsWith("\n") ? text : `${text}\n`;
  return { text_format_source: { inline_string: line }, ...formatters(line) };
}

function jsonFormat(labels: Record<string, Json>): JsonObject {
  return {
    json_format: labels,
    json_format_options: { sort_properties: false },
    ...formatters(JSON.stringify(labels)),
  };
}

/** Some operators are extensions of Envoy's, which a format has to name. */
function formatters(text: string): JsonObject {
  if (!text.includes("%REQ_WITHOUT_QUERY")) return {};
  const type = "envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery";
  return { formatters: [extension("envoy.formatter.req_without_query", type)] };
}

function fileLog(path: string, format: JsonObject): JsonObject {
  return extension("envoy.access_loggers.file", "envoy.extensions.access_loggers.file.v3.FileAccessLog", {
    path,
    log_format: format,
  });
}
