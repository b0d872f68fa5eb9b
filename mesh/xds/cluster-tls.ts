import type { ClusterTarget, Discovery } from "./cluster.ts";
import type { Compilation } from "./compilation.ts";
import type { HttpProtocolOptions } from "./http-protocol-options.ts";
import type { JsonObject } from "./json.ts";
import { mutualTlsMode } from "./peer-authentication.ts";
import type { EffectivePolicy } from "./traffic-policy.ts";
import { istioMutualSocket, originationSocket, rawBuffer, type TlsContext, withProxyProtocol } from "./upstream-tls.ts";

interface TlsInput {
  discovery: Discovery;
  serverName: string;
  /** Names that Envoy checks by itself are set here. */
  options: HttpProtocolOptions;
}

/** Without a rule about TLS, mutual TLS is used with those endpoints that have a sidecar. */
export function tlsFields(
  target: ClusterTarget,
  { discovery, serverName, options }: TlsInput,
  compilation: Compilation,
): JsonObject {
  const { service, policy, rule } = target;
  const { mesh, proxy } = compilation;
  const context: TlsContext = {
    sni: serverName,
    identities: mesh.registry.identitiesOf(service),
    isHttp2: options.protocol === "http2",
    isExternal: service.registry === "external",
  };
  const { tls } = policy;
  let socket: JsonObject | undefined;
  if (!tls?.mode || tls.mode === "DISABLE") {
    const automatic = !tls && mesh.settings.autoMtls && !service.meshExternal && acceptsMutualTls(target, compilation);
    if (automatic) {
      const matches = istioMutualSocket(undefined, context);
      if (discovery !== "ORIGINAL_DST") return { transport_socket_matches: automaticMatches(matches, policy) };
      socket = matches;
    }
  } else if (tls.mode === "ISTIO_MUTUAL") socket = istioMutualSocket(tls, context);
  else if (
    !tls.credentialName ||
    tls.credentialName.startsWith("configmap://") ||
    proxy.type === "router" ||
    rule?.spec.workloadSelector
  ) {
    options.autoSni = !tls.sni;
    options.autoSanValidation = !tls.sni && !tls.subjectAltNames?.length && !tls.insecureSkipVerify;
    socket = originationSocket(tls, context);
  }
  if (policy.proxyProtocol) return { transport_socket: withProxyProtocol(socket, policy.proxyProtocol.version) };
  return socket ? { transport_socket: socket } : {};
}

function automaticMatches(socket: JsonObject, { proxyProtocol }: EffectivePolicy): JsonObject[] {
  const wrap = (inner: JsonObject): JsonObject =>
    proxyProtocol ? withProxyProtocol(inner, proxyProtocol.version) : inner;
  return [
    { name: "tlsMode-istio", match: { tlsMode: "istio" }, transport_socket: wrap(socket) },
    { name: "tlsMode-disabled", match: {}, transport_socket: wrap(rawBuffer) },
  ];
}

/** What the client side knows: the policies of the service's namespace and of the mesh; for headless services every endpoint. */
function acceptsMutualTls({ service, port, passesThrough }: ClusterTarget, { mesh }: Compilation): boolean {
  if (service.resolution === "passthrough" || passesThrough) {
    const endpoints = mesh.registry.endpointsOf(service, port);
    if (endpoints.length === 0 || endpoints.some((endpoint) => endpoint.tlsMode === "disabled")) return false;
  }
  return mutualTlsMode(mesh, service.namespace) !== "DISABLE";
}
