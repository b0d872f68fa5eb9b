/**
 * Packages of Envoy's API that istiod 1.29 knows, and that the descriptors here do not have: messages of these are taken as they
 * are.
 */
export const newerPackages = new Set(
  `
  envoy.extensions.access_loggers.filters.process_ratelimit.v3 envoy.extensions.access_loggers.open_telemetry.v3
  envoy.extensions.access_loggers.stats.v3 envoy.extensions.bootstrap.reverse_tunnel.downstream_socket_interface.v3
  envoy.extensions.bootstrap.reverse_tunnel.upstream_socket_interface.v3 envoy.extensions.clusters.common.dns.v3
  envoy.extensions.clusters.composite.v3 envoy.extensions.clusters.dns.v3
  envoy.extensions.clusters.reverse_connection.v3 envoy.extensions.common.aws.v3
  envoy.extensions.compression.qatzip.compressor.v3alpha envoy.extensions.compression.qatzstd.compressor.v3alpha
  envoy.extensions.config.v3alpha envoy.extensions.dynamic_modules.v3 envoy.extensions.filters.http.api_key_auth.v3
  envoy.extensions.filters.http.cache_v2.v3 envoy.extensions.filters.http.checksum.v3alpha
  envoy.extensions.filters.http.dynamic_modules.v3 envoy.extensions.filters.http.dynamo.v3
  envoy.extensions.filters.http.golang.v3alpha envoy.extensions.filters.http.grpc_json_reverse_transcoder.v3
  envoy.extensions.filters.http.language.v3alpha envoy.extensions.filters.http.mcp.v3
  envoy.extensions.filters.http.mcp_router.v3 envoy.extensions.filters.http.peak_ewma.v3alpha
  envoy.extensions.filters.http.peer_metadata.v3 envoy.extensions.filters.http.proto_api_scrubber.v3
  envoy.extensions.filters.http.proto_message_extraction.v3 envoy.extensions.filters.http.sxg.v3alpha
  envoy.extensions.filters.http.transform.v3 envoy.extensions.filters.listener.dynamic_modules.v3
  envoy.extensions.filters.listener.postgres_inspector.v3alpha envoy.extensions.filters.network.client_ssl_auth.v3
  envoy.extensions.filters.network.dynamic_modules.v3 envoy.extensions.filters.network.ext_proc.v3
  envoy.extensions.filters.network.generic_proxy.action.v3
  envoy.extensions.filters.network.generic_proxy.codecs.dubbo.v3
  envoy.extensions.filters.network.generic_proxy.codecs.http1.v3
  envoy.extensions.filters.network.generic_proxy.codecs.kafka.v3
  envoy.extensions.filters.network.generic_proxy.matcher.v3 envoy.extensions.filters.network.generic_proxy.router.v3
  envoy.extensions.filters.network.generic_proxy.v3 envoy.extensions.filters.network.geoip.v3
  envoy.extensions.filters.network.golang.v3alpha envoy.extensions.filters.network.kafka_broker.v3
  envoy.extensions.filters.network.kafka_mesh.v3alpha envoy.extensions.filters.network.metadata_exchange.v3
  envoy.extensions.filters.network.mysql_proxy.v3 envoy.extensions.filters.network.postgres_proxy.v3alpha
  envoy.extensions.filters.network.reverse_tunnel.v3 envoy.extensions.filters.network.rocketmq_proxy.v3
  envoy.extensions.filters.network.sip_proxy.router.v3alpha envoy.extensions.filters.network.sip_proxy.tra.v3alpha
  envoy.extensions.filters.network.sip_proxy.v3alpha envoy.extensions.filters.udp.dynamic_modules.v3
  envoy.extensions.grpc_service.call_credentials.access_token.v3
  envoy.extensions.grpc_service.call_credentials.file_based_metadata.v3
  envoy.extensions.grpc_service.call_credentials.google_compute_engine.v3
  envoy.extensions.grpc_service.call_credentials.google_iam.v3
  envoy.extensions.grpc_service.call_credentials.google_refresh_token.v3
  envoy.extensions.grpc_service.call_credentials.service_account_jwt_access.v3
  envoy.extensions.grpc_service.call_credentials.sts_service.v3
  envoy.extensions.grpc_service.channel_credentials.google_default.v3
  envoy.extensions.grpc_service.channel_credentials.insecure.v3
  envoy.extensions.grpc_service.channel_credentials.local.v3 envoy.extensions.grpc_service.channel_credentials.tls.v3
  envoy.extensions.grpc_service.channel_credentials.xds.v3 envoy.extensions.http.cache_v2.file_system_http_cache.v3
  envoy.extensions.http.cache_v2.simple_http_cache.v3
  envoy.extensions.http.ext_proc.processing_request_modifiers.mapped_attribute_builder.v3
  envoy.extensions.http.ext_proc.response_processors.save_processing_response.v3
  envoy.extensions.http.stateful_session.envelope.v3 envoy.extensions.load_balancing_policies.override_host.v3
  envoy.extensions.load_balancing_policies.peak_ewma.v3alpha
  envoy.extensions.local_address_selectors.filter_state_override.v3 envoy.extensions.matching.common_inputs.stats.v3
  envoy.extensions.matching.common_inputs.transport_socket.v3
  envoy.extensions.matching.input_matchers.hyperscan.v3alpha envoy.extensions.matching.input_matchers.metadata.v3
  envoy.extensions.network.connection_balance.dlb.v3alpha envoy.extensions.private_key_providers.cryptomb.v3alpha
  envoy.extensions.private_key_providers.qat.v3alpha envoy.extensions.quic.client_writer_factory.v3
  envoy.extensions.quic.connection_debug_visitor.quic_stats.v3
  envoy.extensions.quic.connection_id_generator.quic_lb.v3 envoy.extensions.rbac.principals.mtls_authenticated.v3
  envoy.extensions.regex_engines.hyperscan.v3alpha envoy.extensions.resource_monitors.cgroup_memory.v3
  envoy.extensions.resource_monitors.cpu_utilization.v3 envoy.extensions.router.cluster_specifier.golang.v3alpha
  envoy.extensions.router.cluster_specifiers.matcher.v3 envoy.extensions.tap_sinks.udp_sink.v3alpha
  envoy.extensions.tracers.fluentd.v3 envoy.extensions.transport_sockets.tls.cert_mappers.sni.v3
  envoy.extensions.transport_sockets.tls.cert_mappers.static_name.v3
  envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3
  envoy.extensions.upstreams.http.tcp.golang.v3alpha envoy.extensions.vcl.v3alpha envoy.service.metrics.v3
  envoy.service.network_ext_proc.v3 envoy.service.redis_auth.v3 envoy.tcp.metadataexchange.config envoy.watchdog.v3
  io.istio.http.peer_metadata istio.envoy.config.filter.http.alpn.v2alpha1 stats
`
    .trim()
    .split(/\s+/),
);
