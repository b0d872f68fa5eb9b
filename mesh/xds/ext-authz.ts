import { STATUS_CODES } from "node:http";
import type { ExtAuthzGrpc, ExtAuthzHttp } from "#mesh/istio/mesh-config.ts";
import { durationOf, extension, type Json, type JsonObject, message, unlessEmpty } from "./json.ts";
import type { Mesh } from "./mesh.ts";
import { outboundCluster } from "./names.ts";

/** The filters that ask an external authorizer. One that speaks HTTP cannot be asked about bare connections. */
export interface ExternalAuthorization {
  http: JsonObject;
  tcp?: JsonObject;
}

/** What Istio waits for an authorizer when the provider says nothing. */
const defaultTimeoutMs = 600_000;

/** The filters of an extension provider of the mesh configuration; undefined when there is no usable one of that name. */
export function externalAuthorization(mesh: Mesh, provider: string): ExternalAuthorization | undefined {
  const found = mesh.settings.fields.extensionProviders?.find(({ name }) => name === provider);
  if (found?.envoyExtAuthzGrpc) return overGrpc(mesh, found.envoyExtAuthzGrpc);
  return found?.envoyExtAuthzHttp ? overHttp(mesh, found.envoyExtAuthzHttp) : undefined;
}

function overGrpc(mesh: Mesh, provider: ExtAuthzGrpc): ExternalAuthorization | undefined {
  const target = targetOf(mesh, provider);
  if (!target) return undefined;
  const grpc = {
    grpc_service: {
      envoy_grpc: { cluster_name: target.cluster, authority: target.host },
      timeout: durationOf(provider.timeout ?? defaultTimeoutMs),
    },
  };
  return {
    http: httpFilter(provider, grpc),
    tcp: extension("envoy.filters.network.ext_authz", "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz", {
      stat_prefix: "tcp.",
      failure_mode_allow: provider.failOpen,
      transport_api_version: "V3",
      ...grpc,
      filter_enabled_metadata: whenShadowed("envoy.filters.network.rbac"),
    }),
  };
}

function overHttp(mesh: Mesh, provider: ExtAuthzHttp): ExternalAuthorization | undefined {
  const target = targetOf(mesh, provider);
  if (!target) return undefined;
  const added = Object.entries(provider.includeAdditionalHeadersInCheck ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const response = message({
    allowed_upstream_headers: headerPatterns(provider.headersToUpstreamOnAllow),
    allowed_client_headers: headerPatterns(provider.headersToDownstreamOnDeny),
    allowed_client_headers_on_success: headerPatterns(provider.headersToDownstreamOnAllow),
  });
  const service = message({
    path_prefix: provider.pathPrefix,
    server_uri: {
      uri: `http://${target.host}`,
      cluster: target.cluster,
      timeout: durationOf(provider.timeout ?? defaultTimeoutMs),
    },
    authorization_request:
      added.length === 0 ? undefined : { headers_to_add: added.map(([key, value]) => ({ key, value })) },
    authorization_response: Object.keys(response).length === 0 ? undefined : response,
  });
  const headers = provider.includeRequestHeadersInCheck?.length
    ? provider.includeRequestHeadersInCheck
    : provider.includeHeadersInCheck;
  return { http: httpFilter(provider, { http_service: service, allowed_headers: headerPatterns(headers) }) };
}

function httpFilter(provider: ExtAuthzGrpc, service: Record<string, Json | undefined>): JsonObject {
  const body = provider.includeRequestBodyInCheck;
  return extension("envoy.filters.http.ext_authz", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
    ...service,
    status_on_error: provider.statusOnError ? { code: statusName(Number(provider.statusOnError)) } : undefined,
    failure_mode_allow: provider.failOpen,
    transport_api_version: "V3",
    with_request_body: body && {
      max_request_bytes: body.maxRequestBytes ?? 0,
      allow_partial_message: body.allowPartialMessage ?? false,
      pack_as_bytes: body.packAsBytes ?? false,
    },
    filter_enabled_metadata: whenShadowed("envoy.filters.http.rbac"),
  });
}

/** Envoy's name of a status, which is that of HTTP without spaces and dashes: `ServiceUnavailable`. */
function statusName(status: number): string | number {
  return STATUS_CODES[status]?.replaceAll(/[^A-Za-z]/g, "") ?? status;
}

/** Asks only about what the rules before it have found. */
function whenShadowed(filter: string): JsonObject {
  return {
    filter,
    path: [{ key: "istio_ext_authz_shadow_effective_policy_id" }],
    value: { string_match: { prefix: "istio-ext-authz" } },
  };
}

function headerPatterns(headers: readonly string[] | undefined): JsonObject | undefined {
  const patterns = (headers ?? []).map((header): JsonObject => {
    if (header.startsWith("*")) return { suffix: header.slice(1), ignore_case: true };
    if (header.endsWith("*")) return { prefix: header.slice(0, -1), ignore_case: true };
    return { exact: header, ignore_case: true };
  });
  const some = unlessEmpty(patterns);
  return some && { patterns: some };
}

/** The provider's service, written as `host` or `namespace/host`, and its cluster. */
function targetOf(mesh: Mesh, { service = "", port = 0 }: ExtAuthzGrpc): { host: string; cluster: string } | undefined {
  const [first = "", second] = service.split("/");
  const host = second ?? first;
  const known = mesh.registry.named(host);
  const found = second === undefined ? known.size > 0 : known.has(first);
  if (!found || port < 1 || port > 65_535) return undefined;
  return { host, cluster: outboundCluster({ port, subset: "", host }) };
}
