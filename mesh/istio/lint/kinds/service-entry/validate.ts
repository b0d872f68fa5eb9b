import { checkSubnet } from "../../checks/addresses.ts";
import { checkExportTo } from "../../checks/export-to.ts";
import { checkWildcardHost, fqdnProblem, hostHint, partialWildcardProblem } from "../../checks/hosts.ts";
import { checkPort } from "../../checks/numbers.ts";
import { checkPortName, checkProtocol } from "../../checks/ports.ts";
import { isHttp, isTcp, isTls } from "../../checks/protocols.ts";
import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import { validateAddressedEndpoint, validateNamedEndpoint } from "./endpoints.ts";
import type { ServiceEntry } from "./schema.ts";

/** What istiod's webhook says of a ServiceEntry. */
export function validate(spec: ServiceEntry, place: Place): void {
  if (spec.workloadSelector) checkSelector(spec.workloadSelector.labels ?? {}, place.in("workloadSelector"));
  if (spec.workloadSelector && spec.endpoints?.length) {
    place.in("endpoints").refuse("workloadSelector and endpoints exclude one another", "keep one of them");
  }
  validateHosts(spec, place);
  validateAddresses(spec, place.in("addresses"));
  validatePorts(spec, place.in("ports"));
  resolutions[spec.resolution ?? "NONE"](spec, place);
  refuseIndistinctHosts(spec, place);
  checkExportTo(spec.exportTo, place.in("exportTo"), { allowNone: true });
}

function validateHosts(spec: ServiceEntry, place: Place): void {
  if (!spec.hosts?.length) place.refuse("it has no hosts", "write `hosts:`, with at least one");
  spec.hosts?.forEach((host, index) => {
    validateHost(host, spec, place.in("hosts", index));
  });
}

function validateHost(host: string, spec: ServiceEntry, place: Place): void {
  if (host === "*") return place.refuse("the host * is everything", "write the hosts, such as *.example.com");
  checkWildcardHost(host, place);
  const partial = partialWildcardProblem(host);
  if (partial && spec.resolution !== "DYNAMIC_DNS") place.warn(partial, "replace the whole first label: *.example.com");
}

function validateAddresses(spec: ServiceEntry, place: Place): void {
  spec.addresses?.forEach((address, index) => {
    const at = place.in(index);
    checkSubnet(address, at);
    if (address.includes("/") && (spec.resolution ?? "NONE") !== "NONE" && spec.resolution !== "STATIC") {
      at.refuse(`a range of addresses does not go with resolution ${spec.resolution}`, "write single addresses");
    }
  });
}

function validatePorts(spec: ServiceEntry, place: Place): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  spec.ports?.forEach((port, index) => {
    const at = place.in(index);
    const { name = "", number = 0, protocol, targetPort } = port;
    if (names.has(name)) at.in("name").refuse(`the port name "${name}" exists twice`, "give each port its own name");
    if (numbers.has(number)) at.in("number").refuse(`the port ${number} exists twice`, "remove one of them");
    names.add(name);
    numbers.add(number);
    if (targetPort) checkPort(targetPort, at.in("targetPort"));
    checkPortName(name, port.name === undefined ? at : at.in("name"));
    checkProtocol(protocol, at.in("protocol"));
    checkPort(number, port.number === undefined ? at : at.in("number"));
    warnWithoutAddress(spec, protocol, at);
  });
}

/** Without an address, ports of TCP collide on 0.0.0.0, unless istiod allocates addresses. */
function warnWithoutAddress(spec: ServiceEntry, protocol: string | undefined, place: Place): void {
  if (spec.addresses?.length || (protocol && protocol !== "TCP") || allocates(spec, place)) return;
  place.warn("a TCP port without an address takes the traffic of every address", "write `addresses:`");
}

/** Istiod allocates addresses for entries with a resolution, unless a label turns that off. */
function allocates(spec: ServiceEntry, place: Place): boolean {
  const label = place.object.metadata.labels["networking.istio.io/enable-autoallocate-ip"];
  return (spec.resolution ?? "NONE") !== "NONE" && label?.toLowerCase() !== "false";
}

type Resolution = NonNullable<ServiceEntry["resolution"]>;

const resolutions: Record<Resolution, (spec: ServiceEntry, place: Place) => void> = {
  NONE: validateNone,
  STATIC: validateStatic,
  DNS: validateDns,
  DNS_ROUND_ROBIN: validateDns,
  DYNAMIC_DNS: validateDynamic,
};

function validateNone(spec: ServiceEntry, place: Place): void {
  if (spec.endpoints?.length) {
    place.in("endpoints").refuse("resolution NONE has no endpoints", "write resolution: STATIC or DNS");
  }
  if (spec.workloadSelector) {
    place.in("workloadSelector").warn("resolution NONE ignores a workloadSelector", "write resolution: STATIC");
  }
}

function validateStatic(spec: ServiceEntry, place: Place): void {
  const ports = new Set(spec.ports?.map(({ name = "" }) => name));
  spec.endpoints?.forEach((endpoint, index) => {
    validateAddressedEndpoint(endpoint, place.in("endpoints", index), { ports, names: false });
  });
}

function validateDns(spec: ServiceEntry, place: Place): void {
  const endpoints = spec.endpoints ?? [];
  if (endpoints.length === 0) {
    const index = (spec.hosts ?? []).findIndex((host) => fqdnProblem(host) !== undefined);
    const problem = fqdnProblem(spec.hosts?.[index] ?? "x");
    if (problem)
      place
        .in("hosts", index)
        .refuse(`without endpoints the host is looked up, and ${problem}`, hostHint(spec.hosts?.[index] ?? ""));
  }
  if (spec.resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1) {
    place.in("endpoints").refuse("DNS_ROUND_ROBIN has one endpoint at most", "write resolution: DNS");
  }
  const ports = new Set(spec.ports?.map(({ name = "" }) => name));
  endpoints.forEach((endpoint, index) => {
    validateNamedEndpoint(endpoint, place.in("endpoints", index), ports);
  });
  const tcp = spec.ports?.findIndex(({ protocol }) => isTcp(protocol)) ?? -1;
  if (spec.addresses?.length && (spec.hosts?.length ?? 0) > 1 && tcp >= 0) {
    place.in("ports", tcp).warn("several hosts share the addresses of a TCP port", "write one ServiceEntry a host");
  }
}

function validateDynamic(spec: ServiceEntry, place: Place): void {
  spec.hosts?.forEach((host, index) => {
    if (!host.startsWith("*")) {
      place.in("hosts", index).refuse("DYNAMIC_DNS is for wildcards", "write *.example.com, or resolution: DNS");
    }
  });
  for (const field of ["addresses", "endpoints"] as const) {
    if (spec[field]?.length)
      place.in(field).refuse(`DYNAMIC_DNS has no ${field}`, "remove them, or write resolution: DNS");
  }
  spec.ports?.forEach(({ protocol = "" }, index) => {
    if (!/^(http|tls)$/i.test(protocol)) {
      place.in("ports", index).refuse("DYNAMIC_DNS is for HTTP and TLS", "write protocol: HTTP or TLS");
    }
  });
  if (spec.location === "MESH_INTERNAL") {
    place.in("location").refuse("DYNAMIC_DNS is for the outside", "write location: MESH_EXTERNAL");
  }
}

/** Nothing tells several hosts apart in plain TCP. */
function refuseIndistinctHosts(spec: ServiceEntry, place: Place): void {
  if ((spec.resolution ?? "NONE") === "NONE" || (spec.hosts?.length ?? 0) < 2) return;
  const index = spec.ports?.findIndex(({ protocol }) => !isHttp(protocol) && !isTls(protocol)) ?? -1;
  if (index >= 0) {
    place.in("ports", index).refuse("several hosts need a port of HTTP or TLS", "write one ServiceEntry a host");
  }
}
