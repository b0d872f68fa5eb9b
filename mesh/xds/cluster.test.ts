import { describe, expect, it } from "vitest";
import { type JsonObject, objectsAt } from "./json.ts";
import { originOf } from "./origin.ts";
import { clusterNamed, service, shops, world } from "./testing/world.ts";

const whole = "outbound|50051||product.siren.svc.cluster.local";
const admin = "outbound|8080||product.siren.svc.cluster.local";
const v1 = "outbound|50051|v1|product.siren.svc.cluster.local";

function rule(spec: string, { name = "product", namespace = "siren" } = {}): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

/** The cluster of product as order sees it, under DestinationRules. */
function cluster(spec: string, name = whole, from = "siren/order"): JsonObject {
  return clusterNamed(world(shops, rule(spec)).sidecar(from), name);
}

const pool = (connections: number): string =>
  `trafficPolicy: {connectionPool: {tcp: {maxConnections: ${connections}}}}`;

function maxConnections(json: JsonObject): unknown {
  return (json["circuit_breakers"] as { thresholds: JsonObject[] }).thresholds[0]?.["max_connections"];
}

describe("which DestinationRule a call gets", () => {
  const limit = (from: string, ...rules: string[]): unknown =>
    maxConnections(clusterNamed(world(shops, ...rules).sidecar(from), whole));
  const unlimited = 4_294_967_295;
  const host = "host: product.siren.svc.cluster.local";

  it("looks in the caller's namespace, then the service's, then the root namespace, and nowhere else", () => {
    const client = rule(`{${host}, ${pool(1)}}`, { name: "c", namespace: "mall" });
    const owner = rule(`{${host}, ${pool(2)}}`, { name: "s", namespace: "siren" });
    const root = rule(`{${host}, ${pool(3)}}`, { name: "r", namespace: "istio-system" });
    const stranger = rule(`{${host}, ${pool(4)}}`, { name: "x", namespace: "elsewhere" });
    expect(limit("mall/pay", client, owner, root)).toBe(1);
    expect(limit("mall/pay", owner, root)).toBe(2);
    expect(limit("mall/pay", root)).toBe(3);
    expect(limit("mall/pay", stranger)).toBe(unlimited);
  });

  it("prefers a wildcard of the caller's namespace to an exact host of the service's", () => {
    const client = rule(`{host: "*.local", ${pool(1)}}`, { name: "c", namespace: "mall" });
    expect(limit("mall/pay", client, rule(`{${host}, ${pool(2)}}`))).toBe(1);
  });

  it("takes the longest wildcard", () => {
    const general = rule(`{host: "*.local", ${pool(1)}}`, { name: "a" });
    const special = rule(`{host: "*.siren.svc.cluster.local", ${pool(2)}}`, { name: "b" });
    expect(limit("siren/order", general, special)).toBe(2);
  });

  it("keeps a private rule from other namespaces, and then looks in the root namespace", () => {
    const owner = rule(`{${host}, exportTo: ["."], ${pool(2)}}`);
    const root = rule(`{${host}, ${pool(3)}}`, { name: "r", namespace: "istio-system" });
    expect(limit("siren/order", owner, root)).toBe(2);
    expect(limit("mall/pay", owner, root)).toBe(3);
  });

  it("merges rules of one namespace for one host: subsets add up, the first policy stays as a whole", () => {
    const a = rule("{host: product, subsets: [{name: v1, labels: {version: v1}}]}", { name: "a" });
    const b = rule(`{host: product, ${pool(1)}, subsets: [{name: v2, labels: {version: v2}}]}`, { name: "b" });
    const c = rule("{host: product, trafficPolicy: {connectionPool: {http: {maxRetries: 1}}}}", { name: "c" });
    const { clusters } = world(shops, a, b, c).sidecar("siren/order");
    expect(clusters.filter(({ name }) => String(name).startsWith("outbound|50051|v"))).toHaveLength(2);
    expect(limit("siren/order", a, b, c)).toBe(1);
  });

  it("uses a rule with a workloadSelector for the workloads that it selects, and the other one for the rest", () => {
    const selected = rule(`{host: product, workloadSelector: {matchLabels: {app: order}}, ${pool(1)}}`, { name: "z" });
    const general = rule(`{host: product, ${pool(2)}}`, { name: "a" });
    expect(limit("siren/order", selected, general)).toBe(1);
    expect(limit("siren/report", selected, general)).toBe(2);
    expect(limit("mall/pay", selected, general)).toBe(2);
  });
});

describe("how policies of a rule, its ports and its subsets combine", () => {
  const breaker = "outlierDetection: {consecutive5xxErrors: 3}";
  const subset = (policy: string): string => `subsets: [{name: v1, labels: {version: v1}${policy}}]`;

  it("replaces all four blocks by those of the port", () => {
    const spec = `{host: product, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}, ${breaker}, portLevelSettings: [{port: {number: 8080}, connectionPool: {http: {maxRetries: 2}}}]}}`;
    expect(cluster(spec)).toHaveProperty("outlier_detection");
    expect(cluster(spec, admin)).not.toHaveProperty("outlier_detection");
    expect(maxConnections(cluster(spec, admin))).toBe(4_294_967_295);
  });

  it("lets a subset inherit blocks that it does not have, and replace whole blocks that it has", () => {
    const inherited = cluster(`{host: product, trafficPolicy: {${breaker}}, ${subset("")}}`, v1);
    expect(inherited["outlier_detection"]).toMatchObject({ consecutive_5xx: 3 });
    const top = `trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}, ${breaker}}`;
    const own = ", trafficPolicy: {connectionPool: {http: {maxRetries: 2}}}";
    const replaced = cluster(`{host: product, ${top}, ${subset(own)}}`, v1);
    expect(maxConnections(replaced)).toBe(4_294_967_295);
    expect(replaced["outlier_detection"]).toMatchObject({ consecutive_5xx: 3 });
  });

  it("lets the settings of a subset's port unset what they do not mention", () => {
    const own = ", trafficPolicy: {portLevelSettings: [{port: {number: 50051}, loadBalancer: {simple: RANDOM}}]}";
    const made = cluster(`{host: product, trafficPolicy: {${breaker}}, ${subset(own)}}`, v1);
    expect(made["lb_policy"]).toBe("RANDOM");
    expect(made).not.toHaveProperty("outlier_detection");
  });

  it("gives a subset the endpoints with its labels, and a cluster even when there are none", () => {
    const w = world(
      shops,
      rule("{host: product, subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]}"),
    );
    const { endpoints } = w.sidecar("siren/order");
    const of = (name: string): unknown => endpoints.find((one) => one["cluster_name"] === name)?.["endpoints"];
    expect(of(v1)).toHaveLength(1);
    expect(of(v1.replace("v1", "v9"))).toBeUndefined();
  });

  it("leaves a subset with the original destination when the service as a whole goes there", () => {
    const lb = "subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]";
    const made = cluster(`{host: product, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}, ${lb}}`, v1);
    expect(made).toMatchObject({ type: "ORIGINAL_DST", lb_policy: "CLUSTER_PROVIDED" });
  });

  it("remembers the part of the rule that a cluster comes from", () => {
    const made = cluster(`{host: product, ${subset("")}}`, v1);
    expect(originOf(made)?.path).toEqual(["spec", "subsets", 0]);
  });
});

describe("what a policy becomes", () => {
  const blocks: { policy: string; gives: object }[] = [
    {
      policy: "outlierDetection: {}",
      gives: { outlier_detection: { enforcing_success_rate: 0 }, common_lb_config: { healthy_panic_threshold: {} } },
    },
    {
      policy: "outlierDetection: {consecutive5xxErrors: 0}",
      gives: { outlier_detection: { consecutive_5xx: 0, enforcing_consecutive_5xx: 0, enforcing_success_rate: 0 } },
    },
    {
      policy: "outlierDetection: {consecutiveGatewayErrors: 2, maxEjectionPercent: 100, minHealthPercent: 10}",
      gives: {
        outlier_detection: {
          consecutive_gateway_failure: 2,
          enforcing_consecutive_gateway_failure: 100,
          max_ejection_percent: 100,
        },
        common_lb_config: { healthy_panic_threshold: { value: 10 } },
      },
    },
    { policy: "outlierDetection: {consecutiveErrors: 1}", gives: { outlier_detection: { enforcing_success_rate: 0 } } },
    {
      policy: "outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4}",
      gives: {
        outlier_detection: {
          split_external_local_origin_errors: true,
          consecutive_local_origin_failure: 4,
          enforcing_local_origin_success_rate: 0,
        },
      },
    },
    { policy: "connectionPool: {tcp: {connectTimeout: 30ms}}", gives: { connect_timeout: "0.03s" } },
    {
      policy: "connectionPool: {tcp: {tcpKeepalive: {time: 1m}}}",
      gives: { upstream_connection_options: { tcp_keepalive: { keepalive_time: 60 } } },
    },
    { policy: "loadBalancer: {simple: LEAST_CONN}", gives: { lb_policy: "LEAST_REQUEST" } },
    { policy: "loadBalancer: {simple: PASSTHROUGH}", gives: { type: "ORIGINAL_DST", lb_policy: "CLUSTER_PROVIDED" } },
    {
      policy: "loadBalancer: {warmupDurationSecs: 10s}",
      gives: { least_request_lb_config: { slow_start_config: { slow_start_window: "10s" } } },
    },
    {
      policy: "loadBalancer: {consistentHash: {useSourceIp: true}}",
      gives: { lb_policy: "RING_HASH", ring_hash_lb_config: { minimum_ring_size: "1024" } },
    },
    { policy: "loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {}}}", gives: { lb_policy: "RING_HASH" } },
    {
      policy: "loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 7}}}",
      gives: { lb_policy: "MAGLEV", maglev_lb_config: { table_size: "7" } },
    },
    {
      policy: "loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {a/*: 100}}]}}",
      gives: { common_lb_config: { locality_weighted_lb_config: {} } },
    },
    {
      policy: "retryBudget: {}",
      gives: {
        circuit_breakers: {
          thresholds: [{ retry_budget: { budget_percent: { value: 0.2 }, min_retry_concurrency: 3 } }],
        },
      },
    },
  ];
  it.each(blocks)("$policy", ({ policy, gives }) => {
    expect(cluster(`{host: product, trafficPolicy: {${policy}}}`)).toMatchObject(gives);
  });

  const spoken: { policy: string; port: string; gives: object }[] = [
    {
      policy: "connectionPool: {http: {useClientProtocol: true}}",
      port: whole,
      gives: { use_downstream_protocol_config: {} },
    },
    {
      policy: "connectionPool: {http: {h2UpgradePolicy: UPGRADE}}",
      port: admin,
      gives: { explicit_http_config: { http2_protocol_options: {} } },
    },
    {
      policy: "connectionPool: {http: {maxConcurrentStreams: 7}}",
      port: whole,
      gives: { explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 7 } } },
    },
    {
      policy: "connectionPool: {http: {idleTimeout: 30s}, tcp: {idleTimeout: 9s}}",
      port: admin,
      gives: {
        common_http_protocol_options: { idle_timeout: "30s" },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
    {
      policy: "connectionPool: {tcp: {idleTimeout: 9s}}",
      port: admin,
      gives: { common_http_protocol_options: { idle_timeout: "9s" } },
    },
    {
      policy: "tls: {mode: SIMPLE}",
      port: admin,
      gives: { upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true } },
    },
  ];
  it.each(spoken)("speaks as $policy says", ({ policy, port, gives }) => {
    const options = cluster(`{host: product, trafficPolicy: {${policy}}}`, port)["typed_extension_protocol_options"];
    expect(options).toMatchObject({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": gives });
  });
});

describe("TLS to a service", () => {
  it("uses mutual TLS with endpoints that have a sidecar, checks who they are, and plain text with the others", () => {
    const [secure, plain] = cluster("{host: report}")["transport_socket_matches"] as JsonObject[];
    expect(secure).toMatchObject({ name: "tlsMode-istio", match: { tlsMode: "istio" } });
    expect(JSON.stringify(secure)).toContain("spiffe://cluster.local/ns/siren/sa/product");
    expect(JSON.stringify(secure)).toContain('"sni":"outbound_.50051_._.product.siren.svc.cluster.local"');
    expect(plain).toMatchObject({ name: "tlsMode-disabled", match: {} });
  });

  it("accepts the same identity in the trust domains that the mesh counts as its own", () => {
    const config =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "trustDomainAliases: [old.example]"}';
    const made = JSON.stringify(clusterNamed(world(shops, config).sidecar("siren/order"), whole));
    expect(made).toContain("spiffe://cluster.local/ns/siren/sa/product");
    expect(made).toContain("spiffe://old.example/ns/siren/sa/product");
  });

  it.each(["DISABLE", ""])("uses none where the rule says tls: {%s}", (mode) => {
    const made = cluster(`{host: product, trafficPolicy: {tls: {${mode ? `mode: ${mode}` : ""}}}}`);
    expect(made).not.toHaveProperty("transport_socket");
    expect(made).not.toHaveProperty("transport_socket_matches");
  });

  it("uses none where the service's namespace takes none", () => {
    const off =
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: siren}\nspec: {mtls: {mode: DISABLE}}";
    const made = clusterNamed(world(shops, off).sidecar("mall/pay"), whole);
    expect(made).not.toHaveProperty("transport_socket_matches");
  });

  it("leaves a client certificate from a Secret out for sidecars that nobody selected", () => {
    const tls = "trafficPolicy: {tls: {mode: MUTUAL, credentialName: c}}";
    expect(cluster(`{host: product, ${tls}}`)).not.toHaveProperty("transport_socket");
    expect(cluster(`{host: product, workloadSelector: {matchLabels: {app: order}}, ${tls}}`)).toHaveProperty(
      "transport_socket",
    );
  });

  it("announces the caller's address first where the rule wants it", () => {
    const made = cluster("{host: product, trafficPolicy: {tls: {mode: SIMPLE}, proxyProtocol: {version: V2}}}");
    expect(made["transport_socket"]).toMatchObject({ name: "envoy.transport_sockets.upstream_proxy_protocol" });
  });
});

describe("near and far endpoints", () => {
  const zones = ["eu/a", "eu/b", "us/c"];
  const pods = zones.map((zone, index) => {
    const name = `far-${index}`;
    return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: siren, labels: {app: far, istio-locality: ${zone.replace("/", ".")}}}
status: {podIP: 10.9.0.${index}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: siren, labels: {kubernetes.io/service-name: far}}
addressType: IPv4
ports: [{name: grpc, port: 1}]
endpoints: [{addresses: [10.9.0.${index}], targetRef: {kind: Pod, name: ${name}, namespace: siren}}]`;
  });
  const far =
    "apiVersion: v1\nkind: Service\nmetadata: {name: far, namespace: siren}\nspec: {clusterIP: 10.8.8.8, ports: [{name: grpc, port: 1}]}";
  const caller =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: order-1, namespace: siren, labels: {app: order, istio-locality: eu.a}}\nstatus: {podIP: 10.7.7.7}";

  function groups(policy: string, called = far): unknown[] {
    const w = world(
      service("siren/order", "grpc:50051").split("---")[0] ?? "",
      caller,
      called,
      ...pods,
      rule(`{host: far, trafficPolicy: {${policy}}}`, { name: "far" }),
    );
    const { endpoints } = w.sidecar("siren/order");
    const [found] = endpoints.filter((one) => String(one["cluster_name"]).endsWith("far.siren.svc.cluster.local"));
    return objectsAt(found ?? {}, "endpoints").map((group) => [group["priority"] ?? 0, group["load_balancing_weight"]]);
  }

  it("mixes all of them without a breaker", () => {
    expect(groups("loadBalancer: {simple: RANDOM}")).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it("prefers the same zone, then the region, once there is a breaker", () => {
    expect(groups("outlierDetection: {}")).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("weighs as the rule distributes, and empties the rest", () => {
    const to = "{eu/*: 80, us/*: 20}";
    expect(groups(`loadBalancer: {localityLbSetting: {distribute: [{from: eu/a, to: ${to}}]}}`)).toEqual([
      [0, 40],
      [0, 40],
      [0, 20],
    ]);
  });

  it("goes by labels when the rule names them", () => {
    const labels = "[topology.kubernetes.io/region]";
    expect(groups(`outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: ${labels}}}`)).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
    ]);
  });

  it.each(["PreferClose", "PreferSameZone"])("needs no breaker where the Service says %s", (word) => {
    expect(groups("", far.replace("spec: {", `spec: {trafficDistribution: ${word}, `))).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });
});

describe("endpoints that are not ready", () => {
  const name = "outbound|50051||product.siren.svc.cluster.local";
  const statuses = (conditions: string, distribution: string): unknown[] => {
    const yaml = shops
      .replace("endpoints: [{addresses: ", `endpoints: [{conditions: ${conditions}, addresses: `)
      .replaceAll("spec: {clusterIP:", `spec: {${distribution}clusterIP:`);
    const { endpoints } = world(yaml).sidecar("siren/report");
    const own = endpoints.find((one) => one["cluster_name"] === name.replace("product", "order"));
    return objectsAt(own ?? {}, "endpoints").flatMap((group) =>
      objectsAt(group, "lb_endpoints").map((endpoint) => endpoint["health_status"]),
    );
  };
  const near = "trafficDistribution: PreferClose, ";
  const cases: { conditions: string; distribution: string; told: unknown[] }[] = [
    { conditions: "{ready: true}", distribution: "", told: ["HEALTHY"] },
    { conditions: "{ready: false, terminating: false}", distribution: "", told: [] },
    { conditions: "{ready: false, terminating: false}", distribution: near, told: ["UNHEALTHY"] },
    { conditions: "{ready: false, terminating: true}", distribution: near, told: [] },
  ];
  it.each(cases)("$conditions, $distribution: $told", ({ conditions, distribution, told }) => {
    expect(statuses(conditions, distribution)).toEqual(told);
  });

  it("switches panic off where clients are told of them", () => {
    const yaml = shops.replaceAll("spec: {clusterIP:", `spec: {${near}clusterIP:`);
    const made = clusterNamed(world(yaml).sidecar("siren/report"), name);
    expect(made["common_lb_config"]).toMatchObject({ healthy_panic_threshold: {} });
  });
});

describe("the mesh configuration's switch for HTTP/1 headers", () => {
  it("keeps their capitals, in every cluster that speaks HTTP/1", () => {
    const mesh = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultConfig: {proxyHeaders: {preserveHttp1HeaderCase: true}}"}`;
    const w = world(shops, mesh);
    const made = w.sidecar("siren/order");
    expect(w.findings).toEqual([]);
    expect(JSON.stringify(clusterNamed(made, admin))).toContain("preserve_case");
    expect(JSON.stringify(clusterNamed(made, whole))).not.toContain("preserve_case");
  });
});
