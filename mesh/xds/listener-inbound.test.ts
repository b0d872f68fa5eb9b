import { describe, expect, it } from "vitest";
import { type JsonObject, objectAt, objectsAt } from "./json.ts";
import { service, shops, type World, world } from "./testing/world.ts";

function policy(spec: string, { name = "p", namespace = "siren" } = {}): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

interface Chain {
  /** `tls` ends mutual TLS, `opaque` passes TLS on, `plain` has none. */
  security: string;
  http: boolean;
}

/** The chains of a port of a workload; port 0 for ports that nobody has. */
function chains(w: World, id: string, port: number): Chain[] {
  const listener = w.sidecar(id).listeners.find(({ name }) => name === "virtualInbound") ?? {};
  const own = objectsAt(listener, "filter_chains").filter(
    (chain) => (objectAt(chain, "filter_chain_match")["destination_port"] ?? 0) === port,
  );
  return own.map((chain) => ({ security: securityOf(chain), http: isHttp(chain) }));
}

function securityOf(chain: JsonObject): string {
  if (chain["transport_socket"]) return "tls";
  return objectAt(chain, "filter_chain_match")["transport_protocol"] === "tls" ? "opaque" : "plain";
}

function isHttp(chain: JsonObject): boolean {
  return objectsAt(chain, "filters").some(({ name }) => name === "envoy.filters.network.http_connection_manager");
}

const tlsHttp = { security: "tls", http: true };
const plainHttp = { security: "plain", http: true };
const tlsTcp = { security: "tls", http: false };
const plainTcp = { security: "plain", http: false };
const opaque = { security: "opaque", http: false };

describe("how a workload's ports take connections", () => {
  const modes: { mode: string; http: Chain[]; tcp: Chain[]; sniffed: Chain[] }[] = [
    { mode: "STRICT", http: [tlsHttp], tcp: [tlsTcp], sniffed: [tlsHttp, tlsTcp] },
    {
      mode: "PERMISSIVE",
      http: [tlsHttp, plainHttp],
      tcp: [tlsTcp, opaque, plainTcp],
      sniffed: [tlsHttp, plainHttp, tlsTcp, plainTcp, opaque],
    },
    { mode: "DISABLE", http: [plainHttp], tcp: [plainTcp], sniffed: [plainHttp, plainTcp] },
  ];
  it.each(modes)("$mode", ({ mode, http, tcp, sniffed }) => {
    const w = world(service("siren/all", "grpc:1000", "tcp:2000", ":3000"), policy(`{mtls: {mode: ${mode}}}`));
    expect(chains(w, "siren/all", 1000)).toEqual(http);
    expect(chains(w, "siren/all", 2000)).toEqual(tcp);
    expect(chains(w, "siren/all", 3000)).toEqual(sniffed);
    expect(chains(w, "siren/all", 0)).toEqual(sniffed);
  });

  it("counts the workload's policy before the namespace's, and that before the mesh's", () => {
    const mesh = policy("{mtls: {mode: STRICT}}", { namespace: "istio-system" });
    const namespace = policy("{mtls: {mode: DISABLE}}", { name: "siren" });
    const workload = policy("{selector: {matchLabels: {app: product}}, mtls: {mode: PERMISSIVE}}", { name: "w" });
    const w = world(shops, mesh, namespace, workload);
    expect(chains(w, "mall/pay", 50051)).toEqual([tlsHttp]);
    expect(chains(w, "siren/order", 50051)).toEqual([plainHttp]);
    expect(chains(w, "siren/product", 50051)).toEqual([tlsHttp, plainHttp]);
  });

  it("lets UNSET inherit, and ports differ", () => {
    const mesh = policy("{mtls: {mode: STRICT}}", { namespace: "istio-system" });
    const own = policy(
      "{selector: {matchLabels: {app: product}}, mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: DISABLE}, 9999: {mode: DISABLE}}}",
    );
    const w = world(shops, mesh, own);
    expect(chains(w, "siren/product", 50051)).toEqual([tlsHttp]);
    expect(chains(w, "siren/product", 8080)).toEqual([plainHttp]);
    expect(chains(w, "siren/product", 9999)).toEqual([plainHttp, plainTcp]);
  });
});

describe("what looks at a call before the workload does", () => {
  function filter(w: World, name: string): JsonObject {
    const listener = w.sidecar("siren/order").listeners.find((one) => one["name"] === "virtualInbound") ?? {};
    const chain = objectsAt(listener, "filter_chains").findLast(isHttp) ?? {};
    const manager = objectAt(objectsAt(chain, "filters").at(-1) ?? {}, "typed_config");
    const found = objectsAt(manager, "http_filters").find((one) => one["name"] === name);
    return objectAt(found ?? {}, "typed_config");
  }

  it("splits claims that hold several words, its own and those that a rule names, in order", () => {
    const rule = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: r, namespace: siren}
spec: {jwtRules: [{issuer: a, jwks: '{"keys":[]}', spaceDelimitedClaims: [roles, scope]}]}`;
    const { providers } = filter(world(shops, rule), "envoy.filters.http.jwt_authn");
    expect(JSON.stringify(providers)).toContain('"space_delimited_claims":["permission","roles","scope"]');
  });

  it("takes rules of the workload's namespace before the mesh's for the same issuer", () => {
    const rule = (namespace: string, audience: string): string => `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: ${audience}, namespace: ${namespace}}
spec: {jwtRules: [{issuer: a, jwks: '{"keys":[]}', audiences: [${audience}]}]}`;
    const w = world(shops, rule("istio-system", "first"), rule("siren", "second"));
    expect(filter(w, "envoy.filters.http.jwt_authn")["providers"]).toMatchObject({
      "origins-0": { audiences: ["second"] },
      "origins-1": { audiences: ["first"] },
    });
  });

  it("says by name which status an authorizer's failure gives", () => {
    const mesh = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "extensionProviders: [{name: p, envoyExtAuthzHttp: {service: pay.mall.svc.cluster.local, port: 50051, statusOnError: '503'}}]"}`;
    const custom = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: c, namespace: siren}
spec: {action: CUSTOM, provider: {name: p}, rules: [{}]}`;
    expect(filter(world(shops, mesh, custom), "envoy.filters.http.ext_authz")).toMatchObject({
      status_on_error: { code: "ServiceUnavailable" },
    });
  });
});

describe("what happens to calls that come in", () => {
  function inboundRoute(port: string): JsonObject {
    const w = world(service("siren/one", port), policy("{mtls: {mode: DISABLE}}"));
    const listener = w.sidecar("siren/one").listeners.find(({ name }) => name === "virtualInbound") ?? {};
    const number = Number(port.split(":")[1]);
    const chain = objectsAt(listener, "filter_chains").find(
      (one) => objectAt(one, "filter_chain_match")["destination_port"] === number,
    );
    const manager = objectAt(objectsAt(chain ?? {}, "filters").at(-1) ?? {}, "typed_config");
    const [host] = objectsAt(objectAt(manager, "route_config"), "virtual_hosts");
    return objectAt(objectsAt(host ?? {}, "routes")[0] ?? {}, "route");
  }

  it("hands them to the workload's own port, without a timeout", () => {
    expect(inboundRoute("http:8080")).toMatchObject({ cluster: "inbound|8080||", timeout: "0s" });
  });

  it("sends HTTP again that the workload did not read, but never gRPC", () => {
    expect(inboundRoute("http:8080")).toHaveProperty("retry_policy");
    expect(inboundRoute("http2:8080")).toHaveProperty("retry_policy");
    expect(inboundRoute("grpc:8080")).not.toHaveProperty("retry_policy");
  });

  it("names ports after the workload's own, and routes after the service's", () => {
    const mapped = service("siren/one", "http:80").replace("targetPort: 80", "targetPort: 8000");
    const { clusters } = world(mapped).sidecar("siren/one");
    expect(clusters.map(({ name }) => name)).toContain("inbound|8000||");
  });

  it("finds a port by its name in the pod", () => {
    const named = service("siren/one", "http:80")
      .replace("targetPort: 80", "targetPort: web")
      .replace("containers: []", "containers: [{name: c, ports: [{name: web, containerPort: 8123}]}]");
    expect(
      world(named)
        .sidecar("siren/one")
        .clusters.map(({ name }) => name),
    ).toContain("inbound|8123||");
  });

  it("finds it in the Deployment when there is no pod yet", () => {
    const yaml = `apiVersion: v1
kind: Service
metadata: {name: one, namespace: siren}
spec: {selector: {app: one}, ports: [{name: http, port: 80, targetPort: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: one, namespace: siren}
spec:
  template:
    metadata: {labels: {app: one}}
    spec: {containers: [{name: c, ports: [{name: web, containerPort: 8123}]}]}`;
    expect(
      world(yaml)
        .sidecar("siren/one")
        .clusters.map(({ name }) => name),
    ).toContain("inbound|8123||");
  });

  it("takes the connection pool of the service's DestinationRule, and nothing else of it", () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r, namespace: siren}
spec: {host: order, trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}, outlierDetection: {}, loadBalancer: {simple: RANDOM}}}`;
    const made =
      world(shops, rule)
        .sidecar("siren/order")
        .clusters.find(({ name }) => name === "inbound|50051||") ?? {};
    expect(objectsAt(objectAt(made, "circuit_breakers"), "thresholds")[0]).toMatchObject({ max_connections: 3 });
    expect(made).not.toHaveProperty("outlier_detection");
    expect(made["lb_policy"]).toBe("CLUSTER_PROVIDED");
  });
});
