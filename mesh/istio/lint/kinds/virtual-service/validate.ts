import { isIpAddress } from "../../checks/addresses.ts";
import { checkExportTo } from "../../checks/export-to.ts";
import { checkGatewayNames } from "../../checks/gateway-names.ts";
import { isJwtClaim } from "../../checks/header-names.ts";
import { hostHint, hostsOverlap, wildcardHostProblem } from "../../checks/hosts.ts";
import type { Place } from "../../place.ts";
import { validateHttpRoute } from "./http-route.ts";
import { validateTcpRoute, validateTlsRoute } from "./layer4-route.ts";
import type { VirtualService } from "./schema.ts";
import { warnUnreachable } from "./unreachable.ts";

/** What istiod's webhook says of a VirtualService. */
export function validate(spec: VirtualService, place: Place): void {
  const delegate = !spec.hosts?.length;
  if (delegate) validateDelegate(spec, place);
  checkGatewayNames(spec.gateways, place.in("gateways"));
  const mesh = appliesToMesh(spec);
  if (mesh) refuseClaims(spec, place);
  validateHosts(spec, mesh, place.in("hosts"));
  const routes = [spec.http, spec.tls, spec.tcp];
  if (routes.every((list) => !list?.length)) {
    place.refuse("it has no routes", "write `http:`, with at least one route");
  }
  spec.http?.forEach((route, index) => {
    validateHttpRoute(route, delegate, place.in("http", index));
  });
  spec.tls?.forEach((route, index) => {
    validateTlsRoute(route, spec, place.in("tls", index));
  });
  spec.tcp?.forEach((route, index) => {
    validateTcpRoute(route, place.in("tcp", index));
  });
  checkExportTo(spec.exportTo, place.in("exportTo"));
  warnUnreachable(spec, place);
}

/** Whether sidecars use it: its gateways are not written, or `mesh` is one of them. */
export function appliesToMesh(spec: VirtualService): boolean {
  return !spec.gateways?.length || spec.gateways.includes("mesh");
}

function validateDelegate(spec: VirtualService, place: Place): void {
  const hint = "write hosts, or remove it: a VirtualService without hosts is a delegate, which has http routes only";
  for (const field of ["gateways", "tls", "tcp"] as const) {
    if (spec[field]?.length) place.in(field).refuse(`a VirtualService without hosts has no ${field}`, hint);
  }
}

function refuseClaims(spec: VirtualService, place: Place): void {
  spec.http?.forEach((route, routeIndex) => {
    route.match?.forEach((match, index) => {
      for (const field of ["headers", "withoutHeaders"] as const) {
        for (const name of Object.keys(match[field] ?? {}).filter(isJwtClaim)) {
          place
            .in("http", routeIndex, "match", index, field, name)
            .refuse("only gateways can match the claims of a JWT", "name a gateway in `gateways`, without mesh");
        }
      }
    });
  });
}

function validateHosts(spec: VirtualService, mesh: boolean, place: Place): void {
  const hosts = spec.hosts ?? [];
  let valid = true;
  hosts.forEach((host, index) => {
    const problem = hostProblem(host, spec, mesh);
    if (!problem) return;
    valid = false;
    place.in(index).refuse(problem, hostHint(host));
  });
  if (!valid) return;
  hosts.forEach((host, index) => {
    const other = hosts.slice(0, index).find((earlier) => hostsOverlap(earlier, host));
    if (other !== undefined) {
      place
        .in(index)
        .refuse(`the hosts ${other} and ${host} overlap`, "keep one of them, or write two VirtualServices");
    }
  });
}

function hostProblem(host: string, spec: VirtualService, mesh: boolean): string | undefined {
  if (!mesh && isSniName(host) && matchesSni(spec)) return undefined;
  const problem = wildcardHostProblem(host);
  if (problem) return isIpAddress(host) ? undefined : problem;
  return mesh && host === "*" ? "the host * is for gateways only, not for the mesh" : undefined;
}

/** Names that istiod makes for TLS between clusters, such as `outbound_.80_._.order.siren.svc.cluster.local`. */
export function isSniName(host: string): boolean {
  if (!host.startsWith("outbound_")) return false;
  const [, port = "", , name = ""] = host.split("_");
  return /\d/.test(port) && /[a-zA-Z]/.test(name);
}

function matchesSni(spec: VirtualService): boolean {
  return spec.tls?.some((route) => route.match?.some((match) => match.sniHosts?.length)) ?? false;
}
