import { destinationRule } from "#mesh/istio/destination-rule.ts";
import { type EnvoyFilter, envoyFilter } from "#mesh/istio/envoy-filter.ts";
import type { Finding } from "#mesh/istio/finding.ts";
import { type Gateway, gateway } from "#mesh/istio/gateway.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { byPrecedence, type Resource, readResource } from "#mesh/istio/resource.ts";
import {
  type AuthorizationPolicy,
  authorizationPolicy,
  type PeerAuthentication,
  peerAuthentication,
  type RequestAuthentication,
  requestAuthentication,
} from "#mesh/istio/security.ts";
import { serviceEntry, workloadEntry } from "#mesh/istio/service-entry.ts";
import type { Shape } from "#mesh/istio/shape.ts";
import { type Sidecar, sidecar } from "#mesh/istio/sidecar.ts";
import { type Telemetry, telemetry } from "#mesh/istio/telemetry.ts";
import { virtualService } from "#mesh/istio/virtual-service.ts";
import { DestinationRules } from "./destination-rules.ts";
import { addEndpoints } from "./endpoint-slices.ts";
import { Inventory } from "./inventory.ts";
import { type KubernetesService, readServices } from "./kubernetes-services.ts";
import { Registry } from "./registry.ts";
import { addWorkloadEntries, servicesOfEntry, withOwnLabels } from "./service-entries.ts";
import { type MeshSettings, readSettings } from "./settings.ts";
import type { Scope } from "./sidecar-scope.ts";
import { VirtualServices } from "./virtual-services.ts";
import { Workloads } from "./workloads.ts";

/** Everything that the configuration of any proxy is made from, typed and indexed. Never changes once it is built. */
export interface Mesh {
  settings: MeshSettings;
  registry: Registry;
  kubernetesServices: KubernetesService[];
  workloads: Workloads;
  virtualServices: VirtualServices;
  destinationRules: DestinationRules;
  gateways: Resource<Gateway>[];
  sidecars: Resource<Sidecar>[];
  peerAuthentications: Resource<PeerAuthentication>[];
  requestAuthentications: Resource<RequestAuthentication>[];
  authorizationPolicies: Resource<AuthorizationPolicy>[];
  envoyFilters: Resource<EnvoyFilter>[];
  telemetries: Resource<Telemetry>[];
  /** Key sets (JWKS) that were fetched, by the `jwksUri` of their rule, or by its issuer when it has none. */
  fetchedKeys: ReadonlyMap<string, string>;
  /** Scopes that have been made, by proxy type, namespace and Sidecar. */
  scopes: Map<string, Scope>;
}

/** Reads and indexes Kubernetes objects. Whatever cannot be used is a finding; everything else counts. */
export function buildMesh(
  objects: readonly KubeObject[],
  options: { fetchedKeys?: ReadonlyMap<string, string> } = {},
): { mesh: Mesh; findings: Finding[] } {
  const inventory = new Inventory(objects);
  const findings = [...inventory.findings];
  const read = <T extends object>(kind: string, shape: Shape<T>): Resource<T>[] =>
    inventory
      .of(kind)
      .map((object) => readResource(object, shape, findings))
      .sort(byPrecedence);
  const settings = readSettings(inventory.of("/ConfigMap"), findings);
  const { trustDomain } = settings;
  const workloads = new Workloads(inventory, findings);
  const kubernetesServices = readServices(inventory.of("/Service"), trustDomain, findings);
  addEndpoints(kubernetesServices, inventory.of("discovery.k8s.io/EndpointSlice"), {
    workloads,
    trustDomain,
    findings,
  });
  const workloadEntries = read("networking.istio.io/WorkloadEntry", workloadEntry).map(withOwnLabels);
  addWorkloadEntries(kubernetesServices, { workloadEntries, trustDomain });
  const entries = read("networking.istio.io/ServiceEntry", serviceEntry).flatMap((entry) =>
    servicesOfEntry(entry, { workloadEntries, workloads, trustDomain }),
  );
  const services = [...kubernetesServices.map(({ service }) => service), ...entries];
  const mesh: Mesh = {
    settings,
    registry: new Registry(services, settings),
    kubernetesServices,
    workloads,
    virtualServices: new VirtualServices(
      read("networking.istio.io/VirtualService", virtualService),
      settings,
      findings,
    ),
    destinationRules: new DestinationRules(read("networking.istio.io/DestinationRule", destinationRule), settings),
    gateways: read("networking.istio.io/Gateway", gateway),
    sidecars: read("networking.istio.io/Sidecar", sidecar),
    peerAuthentications: read("security.istio.io/PeerAuthentication", peerAuthentication),
    requestAuthentications: read("security.istio.io/RequestAuthentication", requestAuthentication),
    envoyFilters: read("networking.istio.io/EnvoyFilter", envoyFilter),
    telemetries: read("telemetry.istio.io/Telemetry", telemetry),
    authorizationPolicies: read("security.istio.io/AuthorizationPolicy", authorizationPolicy),
    fetchedKeys: options.fetchedKeys ?? new Map(),
    scopes: new Map(),
  };
  return { mesh, findings };
}
