import { checkUnixPath, isIpAddress } from "../../checks/addresses.ts";
import { fqdnProblem } from "../../checks/hosts.ts";
import { checkLabels } from "../../checks/labels.ts";
import { checkPort } from "../../checks/numbers.ts";
import { checkPortName } from "../../checks/ports.ts";
import type { Place } from "../../place.ts";
import type { WorkloadEntry } from "../workload-entry/schema.ts";

interface Context {
  /** The names of the ServiceEntry's ports, where there is one. */
  ports?: Set<string>;
  /** Whether the address may be a host name. */
  names: boolean;
}

const unix = "unix://";
const addressHint = "write an address such as 10.1.2.3";

/** A WorkloadEntry, or an endpoint of a ServiceEntry with resolution STATIC. */
export function validateAddressedEndpoint(endpoint: WorkloadEntry, place: Place, { ports, names }: Context): void {
  const { address = "" } = endpoint;
  const isUnix = address.startsWith(unix);
  if (address === "" && !endpoint.network) return place.refuse("the endpoint has no address", addressHint);
  if (address === "") place.warn(`the endpoint in network ${endpoint.network} has no address`, addressHint);
  if (isUnix) validateUnix(endpoint, place);
  else if (address !== "" && !isIpAddress(address) && (!names || fqdnProblem(address))) {
    const wanted = names ? "neither an address nor a host name" : "no IP address";
    place.in("address").refuse(`"${address}" is ${wanted}`, names ? addressHint : `${addressHint}, or resolution: DNS`);
  }
  validatePorts(endpoint, place, ports);
  checkLabels(endpoint.labels, place.in("labels"));
  if (isUnix && ports && ports.size !== 1) {
    place.refuse("a unix socket serves exactly one port", "keep one port in the ServiceEntry");
  }
}

/** An endpoint of a ServiceEntry with resolution DNS. */
export function validateNamedEndpoint(endpoint: WorkloadEntry, place: Place, ports: Set<string>): void {
  const { address = "" } = endpoint;
  if (!isIpAddress(address) && fqdnProblem(address)) {
    place.in("address").refuse(`"${address}" is neither an address nor a host name`, "write a host name");
  }
  checkLabels(endpoint.labels, place.in("labels"));
  validatePorts(endpoint, place, ports);
}

function validateUnix({ address = "", ports }: WorkloadEntry, place: Place): void {
  checkUnixPath(address.slice(unix.length), place.in("address"));
  if (Object.keys(ports ?? {}).length > 0) place.in("ports").refuse("a unix socket has no ports", "remove ports");
}

function validatePorts(endpoint: WorkloadEntry, place: Place, known: Set<string> | undefined): void {
  for (const [name, port] of Object.entries(endpoint.ports ?? {})) {
    const at = place.in("ports", name);
    if (known && !known.has(name))
      at.refuse(`the ServiceEntry has no port "${name}"`, "write the name of one of its ports");
    checkPortName(name, at);
    checkPort(port, at);
  }
}
