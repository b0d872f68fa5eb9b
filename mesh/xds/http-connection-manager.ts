import type { Compilation } from "./compilation.ts";
import { type Direction, httpFilters } from "./http-filters.ts";
import { preservedCase } from "./http-protocol-options.ts";
import { any, type Json, type JsonObject, message, objectAt } from "./json.ts";
import { statPrefix } from "./names.ts";
import { isHttp2, type Protocol } from "./protocol.ts";
import { type ProxyHeaderSettings, proxyHeaderSettings } from "./proxy-headers.ts";
import type { MeshSettings } from "./settings.ts";

export const httpConnectionManagerName = "envoy.filters.network.http_connection_manager";

export interface ConnectionManagerOptions {
  direction: Direction;
  /** What the statistics are called. */
  name: string;
  protocol: Protocol;
  /** The name of a route configuration that is told apart, or the routes themselves. */
  routes: string | JsonObject;
  /** The explicit proxy takes whole URLs as request targets. */
  explicitProxy?: boolean;
}

/** The filter that speaks HTTP, finds a route and applies the HTTP filters. */
export function httpConnectionManager(options: ConnectionManagerOptions, compilation: Compilation): JsonObject {
  const { direction, protocol, routes } = options;
  const { settings } = compilation.mesh;
  const headers = proxyHeaderSettings(settings, direction);
  const config = any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: statPrefix(options.name),
    ...(typeof routes === "string" ? { rds: rds(routes) } : { route_config: routes }),
    http_filters: httpFilters({ direction, protocol, compilation }),
    ...withHeaderCase(directionFields(options, settings), settings),
    ...headerFields(headers),
    ...pathFields(settings),
    stream_idle_timeout: "0s",
    use_remote_address: direction === "gateway",
    proxy_100_continue: true,
    upgrade_configs: [{ upgrade_type: "websocket" }],
    request_id_extension: {
      typed_config: any("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", {
        use_request_id_for_trace_sampling: true,
      }),
    },
  });
  return { name: httpConnectionManagerName, typed_config: config };
}

function rds(name: string): JsonObject {
  return {
    config_source: { ads: {}, initial_fetch_timeout: "0s", resource_api_version: "V3" },
    route_config_name: name,
  };
}

function directionFields(
  { direction, protocol, explicitProxy }: ConnectionManagerOptions,
  settings: MeshSettings,
): JsonObject {
  if (direction === "outbound") return explicitProxy ? { http_protocol_options: { allow_absolute_url: true } } : {};
  if (direction === "gateway") return gatewayFields(settings);
  const { forwardedClientCert: forward, setCurrentClientCertDetails: details } =
    settings.fields.defaultConfig?.proxyHeaders ?? {};
  const { subject = true, dns = true, uri = true, cert, chain } = details ?? {};
  return message({
    http2_protocol_options: isHttp2(protocol) ? {} : undefined,
    forward_client_cert_details: forwardMode(forward ?? "UNDEFINED", "APPEND_FORWARD"),
    set_current_client_cert_details: message({
      subject,
      cert: cert || undefined,
      chain: chain || undefined,
      dns: dns || undefined,
      uri: uri || undefined,
    }),
  });
}

function gatewayFields(settings: MeshSettings): JsonObject {
  const { numTrustedProxies, forwardClientCertDetails: forward } = settings.fields.defaultConfig?.gatewayTopology ?? {};
  const mode = forwardMode(forward ?? "UNDEFINED", "SANITIZE_SET");
  const tells = mode === "APPEND_FORWARD" || mode === "SANITIZE_SET";
  return message({
    http_protocol_options: {},
    xff_num_trusted_hops: numTrustedProxies || undefined,
    forward_client_cert_details: mode,
    set_current_client_cert_details: tells ? { subject: true, cert: true, dns: true, uri: true } : undefined,
  });
}

/** Whether the workload is told about the client's certificate; SANITIZE is Envoy's default. */
function forwardMode(written: string, otherwise: string): string | undefined {
  const mode = written === "UNDEFINED" ? otherwise : written;
  return mode === "SANITIZE" ? undefined : mode;
}

function withHeaderCase(fields: JsonObject, settings: MeshSettings): JsonObject {
  if (!settings.preservesHeaderCase) return fields;
  const options = { ...objectAt(fields, "http_protocol_options"), header_key_format: preservedCase };
  return { ...fields, http_protocol_options: options };
}

function headerFields(headers: ProxyHeaderSettings): Record<string, Json | undefined> {
  return {
    server_name: headers.serverName,
    server_header_transformation: headers.passServerHeader ? "PASS_THROUGH" : undefined,
    generate_request_id: headers.generateRequestId,
    append_x_forwarded_port: headers.forwardedPort || undefined,
  };
}

/** Paths are made canonical before any rule looks at them, as far as the mesh configuration asks for it. */
function pathFields({ fields }: MeshSettings): Record<string, Json | undefined> {
  const mode = fields.pathNormalization?.normalization ?? "DEFAULT";
  const merges = mode === "MERGE_SLASHES" || mode === "DECODE_AND_MERGE_SLASHES";
  return {
    normalize_path: mode !== "NONE",
    merge_slashes: merges || undefined,
    path_with_escaped_slashes_action: mode === "DECODE_AND_MERGE_SLASHES" ? "UNESCAPE_AND_FORWARD" : "KEEP_UNCHANGED",
  };
}
