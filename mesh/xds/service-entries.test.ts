import { describe, expect, it } from "vitest";
import { type JsonObject, objectAt, objectsAt } from "./json.ts";
import { clusterNamed, service, shops, type World, world } from "./testing/world.ts";

function entry(spec: string, { name = "e", namespace = "siren" } = {}): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

const http = "ports: [{number: 80, name: http, protocol: HTTP}]";

/** The addresses of a cluster's endpoints, by EDS or as part of it. */
function addresses(w: World, cluster: string): string[] {
  const made = w.sidecar("siren/order");
  const inline = objectAt(clusterNamed(made, cluster), "load_assignment");
  const byEds = made.endpoints.find((one) => one["cluster_name"] === cluster) ?? {};
  const groups = [...objectsAt(inline, "endpoints"), ...objectsAt(byEds, "endpoints")];
  return groups.flatMap((group) => objectsAt(group, "lb_endpoints")).map(addressOf);
}

function addressOf(endpoint: JsonObject): string {
  const address = objectAt(objectAt(endpoint, "endpoint"), "address");
  const socket = objectAt(address, "socket_address");
  return address["pipe"] ? String(objectAt(address, "pipe")["path"]) : `${socket["address"]}:${socket["port_value"]}`;
}

describe("a ServiceEntry", () => {
  const resolutions: { spec: string; type: string; endpoints: string[] }[] = [
    { spec: "resolution: NONE", type: "ORIGINAL_DST", endpoints: [] },
    { spec: "resolution: STATIC, endpoints: [{address: 10.0.0.9}]", type: "EDS", endpoints: ["10.0.0.9:80"] },
    { spec: "resolution: STATIC, endpoints: [{address: 'unix:///run/x'}]", type: "EDS", endpoints: ["/run/x"] },
    { spec: "resolution: DNS", type: "STRICT_DNS", endpoints: ["a.example:80"] },
    {
      spec: "resolution: DNS, endpoints: [{address: b.example, ports: {http: 8080}}]",
      type: "STRICT_DNS",
      endpoints: ["b.example:8080"],
    },
    { spec: "resolution: DNS_ROUND_ROBIN", type: "LOGICAL_DNS", endpoints: ["a.example:80"] },
  ];
  it.each(resolutions)("$spec", ({ spec, type, endpoints }) => {
    const w = world(shops, entry(`{hosts: [a.example], ${http}, ${spec}}`));
    const cluster = "outbound|80||a.example";
    expect(clusterNamed(w.sidecar("siren/order"), cluster)["type"]).toBe(type);
    expect(addresses(w, cluster)).toEqual(endpoints);
    expect(w.ask("siren/order", { to: "a.example" }).clusters).toEqual([cluster]);
  });

  it("leaves a cluster out that DNS would have nothing to find for", () => {
    const selecting = `{hosts: [a.example], ${http}, resolution: DNS, workloadSelector: {labels: {app: nobody}}}`;
    const { clusters } = world(shops, entry(selecting)).sidecar("siren/order");
    expect(clusters.map(({ name }) => name)).not.toContain("outbound|80||a.example");
  });

  it("is known, but has no cluster, where only a waypoint could look its hosts up", () => {
    const w = world(entry(`{hosts: ['*.example'], ${http}, resolution: DYNAMIC_DNS, location: MESH_EXTERNAL}`));
    const { clusters } = w.sidecar("siren/order");
    expect(clusters.map(({ name }) => name)).not.toContain("outbound|80||*.example");
    expect(w.ask("siren/order", { to: "a.example" }).clusters).toEqual(["outbound|80||*.example"]);
  });

  it("goes to the target port where the endpoint names none", () => {
    const ports = "ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]";
    const w = world(
      entry(
        `{hosts: [a.example], ${ports}, resolution: STATIC, endpoints: [{address: 10.0.0.9}, {address: 10.0.0.8, ports: {http: 9}}]}`,
      ),
    );
    expect(addresses(w, "outbound|80||a.example")).toEqual(["10.0.0.9:8080", "10.0.0.8:9"]);
  });

  it("selects WorkloadEntries and pods of its namespace", () => {
    const vm =
      "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, namespace: siren}\nspec: {address: 10.0.0.7, labels: {app: order}, weight: 5}";
    const other = vm.replace("namespace: siren", "namespace: mall").replace("10.0.0.7", "10.0.0.6");
    const w = world(
      shops,
      vm,
      other,
      entry(`{hosts: [a.example], ${http}, resolution: STATIC, workloadSelector: {labels: {app: order}}}`),
    );
    const found = addresses(w, "outbound|80||a.example");
    expect(found[0]).toBe("10.0.0.7:80");
    expect(found).toHaveLength(2);
  });

  it("reaches pods on their container's port of the same name", () => {
    const pod = `apiVersion: v1
kind: Pod
metadata: {name: p, namespace: siren, labels: {app: p}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 9000}, {name: udp, containerPort: 9001, protocol: UDP}]}]}
status: {podIP: 10.0.0.5, conditions: [{type: Ready, status: "True"}]}`;
    const ports = (name: string): string => `ports: [{number: 80, name: ${name}, protocol: HTTP, targetPort: 8080}]`;
    const found = (name: string): string[] =>
      addresses(
        world(
          pod,
          entry(`{hosts: [a.example], ${ports(name)}, resolution: STATIC, workloadSelector: {labels: {app: p}}}`),
        ),
        "outbound|80||a.example",
      );
    expect(found("http")).toEqual(["10.0.0.5:9000"]);
    expect(found("udp")).toEqual(["10.0.0.5:8080"]);
    expect(found("other")).toEqual(["10.0.0.5:8080"]);
  });

  it("selects WorkloadEntries with a name for an address only where it is resolved by name", () => {
    const vm =
      "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, namespace: siren}\nspec: {address: vm.example, labels: {app: vm}, serviceAccount: vm}";
    const cluster = (resolution: string): string => {
      const spec = `{hosts: [a.example], ${http}, location: MESH_INTERNAL, resolution: ${resolution}, workloadSelector: {labels: {app: vm}}}`;
      const { clusters } = world(vm, entry(spec)).sidecar("siren/order");
      return JSON.stringify(clusters.find(({ name }) => name === "outbound|80||a.example"));
    };
    const account = "spiffe://cluster.local/ns/siren/sa/vm";
    expect(cluster("DNS")).toContain(account);
    expect(cluster("STATIC")).toContain("a.example");
    expect(cluster("STATIC")).not.toContain(account);
  });

  it("is called without the mesh's TLS unless it is inside, and then by what its endpoints can do", () => {
    const inside = "location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.9, serviceAccount: vm}]";
    const outside = entry(`{hosts: [a.example], ${http}, resolution: DNS}`);
    const cluster = (yaml: string): JsonObject =>
      clusterNamed(world(yaml).sidecar("siren/order"), "outbound|80||a.example");
    expect(cluster(outside)).not.toHaveProperty("transport_socket_matches");
    const secured = cluster(entry(`{hosts: [a.example], ${http}, ${inside}}`));
    expect(JSON.stringify(secured["transport_socket_matches"])).toContain("spiffe://cluster.local/ns/siren/sa/vm");
  });

  it("checks its own names when a rule originates TLS and names none", () => {
    const rule =
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r, namespace: siren}\nspec: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}";
    const w = world(entry(`{hosts: [a.example], ${http}, resolution: DNS, subjectAltNames: [c.example]}`), rule);
    const socket = clusterNamed(w.sidecar("siren/order"), "outbound|80||a.example")["transport_socket"];
    expect(JSON.stringify(socket)).toContain('"exact":"c.example"');
  });

  it("hides from namespaces that it is not exported to", () => {
    const w = world(shops, entry(`{hosts: [a.example], ${http}, resolution: DNS, exportTo: ["."]}`));
    expect(w.ask("siren/order", { to: "a.example" }).host).toBe("a.example:80");
    expect(w.ask("mall/pay", { to: "a.example" }).host).not.toBe("a.example:80");
  });

  it("shares endpoints with another one for the same host in its namespace, not in others", () => {
    const one = (address: string, port: number, place: object): string =>
      entry(
        `{hosts: [a.example], resolution: STATIC, ports: [{number: ${port}, name: p${port}, protocol: HTTP}], endpoints: [{address: ${address}}]}`,
        place,
      );
    const w = world(
      one("10.0.0.9", 80, { name: "a" }),
      one("10.0.0.8", 80, { name: "b" }),
      one("10.0.0.7", 81, { name: "c" }),
      one("10.0.0.6", 80, { name: "a", namespace: "mall" }),
    );
    expect(addresses(w, "outbound|80||a.example")).toEqual(["10.0.0.9:80", "10.0.0.8:80"]);
    expect(addresses(w, "outbound|81||a.example")).toEqual(["10.0.0.7:81"]);
  });

  it("has one endpoint where Envoy resolves one name, however many addresses it has", () => {
    const two = entry(`{hosts: [a.example], ${http}, resolution: DNS_ROUND_ROBIN, addresses: [10.0.0.1, 10.0.0.2]}`);
    expect(addresses(world(two), "outbound|80||a.example")).toEqual(["a.example:80"]);
    const other = entry(`{hosts: [a.example], ${http}, resolution: DNS, endpoints: [{address: b.example}]}`, {
      name: "f",
    });
    expect(addresses(world(two, other), "outbound|80||a.example")).toEqual(["a.example:80", "b.example:80"]);
  });

  it.each([
    ["", true],
    ['exportTo: ["."], ', false],
  ])("adds its ports to another one for the same host that is alike, here %j: %j", (exportTo, alike) => {
    const other = `{hosts: [a.example], ${exportTo}resolution: DNS, ports: [{number: 81, name: http-b, protocol: HTTP}]}`;
    const w = world(
      entry(`{hosts: [a.example], ${http}, resolution: DNS}`, { name: "a" }),
      entry(other, { name: "b" }),
    );
    const ports = w
      .sidecar("siren/order")
      .clusters.map(({ name }) => /^outbound\|(\d+)/.exec(String(name))?.[1])
      .filter(Boolean);
    expect(ports).toHaveLength(alike ? 2 : 1);
  });

  it("gives way to a Kubernetes Service of the same host", () => {
    const host = "product.siren.svc.cluster.local";
    const squatter = entry(
      `{hosts: [${host}], ports: [{number: 50051, name: grpc, protocol: GRPC}], resolution: DNS}`,
      { namespace: "mall" },
    );
    const cluster = clusterNamed(world(shops, squatter).sidecar("siren/order"), `outbound|50051||${host}`);
    expect(cluster["type"]).toBe("EDS");
  });

  it("matches hosts by wildcard where it names one", () => {
    const w = world(shops, entry(`{hosts: ["*.example"], ${http}, resolution: NONE}`));
    expect(w.ask("siren/order", { to: "x.example" }).clusters).toEqual(["outbound|80||*.example"]);
  });
});

describe("Kubernetes Services", () => {
  it("stand for another under the name of an ExternalName", () => {
    const alias =
      "apiVersion: v1\nkind: Service\nmetadata: {name: old, namespace: siren}\nspec: {type: ExternalName, externalName: product.siren.svc.cluster.local, ports: [{name: grpc, port: 50051}]}";
    const w = world(shops, alias);
    expect(w.ask("siren/order", { to: "old:50051" }).clusters).toEqual([
      "outbound|50051||product.siren.svc.cluster.local",
    ]);
    expect(w.sidecar("siren/order").clusters.map(({ name }) => name)).not.toContain(
      "outbound|50051||old.siren.svc.cluster.local",
    );
  });

  it("are known by the addresses that a client can use, of its own IP version", () => {
    const dual = service("siren/dual", "http:7000", "tcp:7001").replace(
      /clusterIP: ([\d.]+)/,
      'clusterIP: "fd00::1", clusterIPs: ["fd00::1", $1]',
    );
    const { routes, listeners } = world(dual).sidecar("siren/order");
    const ipv4 = /clusterIPs: \["fd00::1", ([\d.]+)\]/.exec(dual)?.[1];
    expect(JSON.stringify(routes)).toContain(`"${ipv4}"`);
    expect(JSON.stringify(routes)).not.toContain("fd00::1");
    expect(listeners.map(({ name }) => name)).toContain(`${ipv4}_7001`);
  });

  it("can be kept to their namespace", () => {
    const hidden = service("siren/secret", "http:8080").replace(
      "{name: secret, namespace: siren}",
      '{name: secret, namespace: siren, annotations: {networking.istio.io/exportTo: "."}}',
    );
    const w = world(shops, hidden);
    expect(w.ask("siren/order", { to: "secret.siren:8080" }).clusters).toHaveLength(1);
    expect(w.ask("mall/pay", { to: "secret.siren:8080" }).host).toBe("allow_any");
  });

  it.each([
    ["kubernetes.io/h2c", true],
    ["grpc", true],
    ["http", false],
  ])("speak as appProtocol %s says, whatever the port is called", (protocol, http2) => {
    const one = service("siren/one", "tcp-main:7000").replace(
      "targetPort: 7000",
      `targetPort: 7000, appProtocol: ${protocol}`,
    );
    const w = world(shops, one);
    expect(w.ask("siren/order", { to: "one:7000" }).clusters).toHaveLength(1);
    const made = clusterNamed(w.sidecar("siren/order"), "outbound|7000||one.siren.svc.cluster.local");
    expect("typed_extension_protocol_options" in made).toBe(http2);
  });

  it("count WorkloadEntries that their selector picks, by metadata or spec, on ports of the entry's own", () => {
    const vm = (name: string, fields: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {${name}, namespace: siren}\nspec: {${fields}}`;
    const w = world(
      service("siren/one", "http:7000", "grpc:7001").replace("targetPort: 7001", "targetPort: main"),
      vm("name: a", "address: 10.0.0.7, labels: {app: one}, ports: {http: 8000, main: 8001}, serviceAccount: vm"),
      vm("name: b, labels: {app: one}", "address: 10.0.0.8, labels: {app: other}"),
      vm("name: c", "address: 10.0.0.9, labels: {app: other}"),
    );
    const cluster = (port: number): string => `outbound|${port}||one.siren.svc.cluster.local`;
    expect(addresses(w, cluster(7000)).slice(1)).toEqual(["10.0.0.7:8000", "10.0.0.8:7000"]);
    expect(addresses(w, cluster(7001)).slice(1)).toEqual(["10.0.0.7:8001"]);
    const socket = clusterNamed(w.sidecar("siren/order"), cluster(7000))["transport_socket_matches"];
    expect(JSON.stringify(socket)).toContain("spiffe://cluster.local/ns/siren/sa/vm");
  });

  it("have no endpoints that are not ready", () => {
    const one = service("siren/one", "http:7000").replace("targetRef:", "conditions: {ready: false}, targetRef:");
    expect(addresses(world(shops, one), "outbound|7000||one.siren.svc.cluster.local")).toEqual([]);
  });

  it("find their pods by themselves in an input without EndpointSlices", () => {
    const [yaml = "", pod = ""] = service("siren/one", "http:7000").split("---");
    expect(addresses(world(yaml, pod), "outbound|7000||one.siren.svc.cluster.local")).toHaveLength(1);
  });
});
