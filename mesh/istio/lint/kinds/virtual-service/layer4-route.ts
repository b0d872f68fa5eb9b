import { checkSubnet, isIpAddress } from "../../checks/addresses.ts";
import { checkDestinations } from "../../checks/destination.ts";
import { checkGatewayNames } from "../../checks/gateway-names.ts";
import { hostCovers, hostHint, wildcardHostProblem } from "../../checks/hosts.ts";
import { checkLabels } from "../../checks/labels.ts";
import { checkPort } from "../../checks/numbers.ts";
import type { Place } from "../../place.ts";
import type { Layer4Match, TlsMatch, VirtualService } from "./schema.ts";
import { isSniName } from "./validate.ts";

type TlsRoute = NonNullable<VirtualService["tls"]>[number];
type TcpRoute = NonNullable<VirtualService["tcp"]>[number];

export function validateTlsRoute(route: TlsRoute, spec: VirtualService, place: Place): void {
  if (!route.match?.length) place.refuse("a TLS route needs a match", "write match: [{sniHosts: [...]}]");
  route.match?.forEach((match, index) => {
    validateTlsMatch(match, spec, place.in("match", index));
  });
  if (!route.route?.length) place.refuse("the TLS route leads nowhere", "write route");
  checkDestinations(route.route ?? [], place.in("route"));
}

export function validateTcpRoute(route: TcpRoute, place: Place): void {
  route.match?.forEach((match, index) => {
    const at = place.in("match", index);
    validateLayer4Match(match, at);
    checkGatewayNames(match.gateways, at.in("gateways"), { warns: false });
  });
  if (!route.route?.length) place.refuse("the TCP route leads nowhere", "write route");
  checkDestinations(route.route ?? [], place.in("route"));
}

function validateLayer4Match(match: Layer4Match | TlsMatch, place: Place): void {
  match.destinationSubnets?.forEach((subnet, index) => {
    checkSubnet(subnet, place.in("destinationSubnets", index));
  });
  if (match.port) checkPort(match.port, place.in("port"));
  checkLabels(match.sourceLabels, place.in("sourceLabels"));
}

function validateTlsMatch(match: TlsMatch, spec: VirtualService, place: Place): void {
  if (!match.sniHosts?.length) place.refuse("the match names no SNI host", "write sniHosts");
  match.sniHosts?.forEach((host, index) => {
    checkSniHost(host, spec, place.in("sniHosts", index));
  });
  validateLayer4Match(match, place);
  checkGatewayNames(match.gateways, place.in("gateways"));
}

function checkSniHost(host: string, spec: VirtualService, place: Place): void {
  const gatewayOnly = !spec.gateways?.includes("mesh");
  const problem = gatewayOnly && isSniName(host) ? undefined : wildcardHostProblem(host);
  if (problem && isIpAddress(host)) {
    return place.warn(`SNI has no addresses, so most clients never send "${host}"`, "write a host name");
  }
  if (problem) return place.refuse(problem, hostHint(host));
  if (!spec.hosts?.some((own) => hostCovers(own, host))) {
    place.refuse(`the SNI host "${host}" is covered by none of the hosts`, "add it to hosts");
  }
}
