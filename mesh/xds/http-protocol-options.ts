import { any, extension, type JsonObject, message } from "./json.ts";

const type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** How a cluster speaks HTTP upstream; becomes a message only when something in it differs from Envoy's defaults. */
export interface HttpProtocolOptions {
  /** `downstream`: whatever the client speaks. Undefined: HTTP/1.1, without saying so. */
  protocol: "http1" | "http2" | "downstream" | undefined;
  /** Whether HTTP/1 headers keep their capitals. */
  preservesCase?: boolean;
  idleTimeout?: string | undefined;
  maxConnectionDuration?: string | undefined;
  maxRequestsPerConnection?: number | undefined;
  maxConcurrentStreams?: number | undefined;
  autoSni?: boolean;
  autoSanValidation?: boolean;
}

/** The `typed_extension_protocol_options` of a cluster; undefined when Envoy's defaults do. */
export function protocolOptionsField(options: HttpProtocolOptions): JsonObject | undefined {
  const common = message({
    idle_timeout: options.idleTimeout,
    max_connection_duration: options.maxConnectionDuration,
    max_requests_per_connection: options.maxRequestsPerConnection,
  });
  const upstream = message({
    auto_sni: options.autoSni || undefined,
    auto_san_validation: options.autoSanValidation || undefined,
  });
  const hasCommon = Object.keys(common).length > 0 || options.maxConcurrentStreams !== undefined;
  const hasUpstream = Object.keys(upstream).length > 0;
  if (!options.protocol && !hasCommon && !hasUpstream) return undefined;
  if (options.protocol === "http2" && !hasCommon && !hasUpstream) return plainHttp2;
  const fields = {
    common_http_protocol_options: hasCommon ? common : undefined,
    upstream_http_protocol_options: hasUpstream ? upstream : undefined,
    ...protocolField(options),
  };
  return { [type]: any(type, fields) };
}

/** Writes HTTP/1 headers as they came, and not in lower case. */
export const preservedCase: JsonObject = {
  stateful_formatter: extension(
    "preserve_case",
    "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
  ),
};

const plainHttp2: JsonObject = { [type]: any(type, protocolField({ protocol: "http2" })) };

/** The limit of streams counts for clusters that speak HTTP/2 and nothing else. */
function protocolField({ protocol, maxConcurrentStreams, preservesCase }: HttpProtocolOptions): JsonObject {
  if (protocol === "http2") {
    const http2 = message({ max_concurrent_streams: maxConcurrentStreams });
    return { explicit_http_config: { http2_protocol_options: http2 } };
  }
  const http1 = preservesCase ? { header_key_format: preservedCase } : {};
  if (protocol === "downstream") {
    return { use_downstream_protocol_config: { http_protocol_options: http1, http2_protocol_options: {} } };
  }
  return { explicit_http_config: { http_protocol_options: http1 } };
}
