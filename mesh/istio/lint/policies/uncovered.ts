import { isHttp } from "../checks/protocols.ts";
import type { Route } from "../routes.ts";
import type { Service } from "../services.ts";
import type { Context } from "./context.ts";

/** Calls without a policy (M005): routes that leave something to the defaults, and services that have no policy at all. */
export function checkUncovered(context: Context): void {
  for (const route of context.routes) checkRoute(route);
  for (const service of context.world.services.all) {
    const served = service.ports.some(({ protocol }) => isHttp(protocol));
    if (!service.external && served && context.calls.callers(service).size > 0) checkService(service, context);
  }
}

function checkRoute({ route, retry, place, methods, mesh }: Route): void {
  if (!route.route?.length) return;
  if (!retry.written) {
    const message = "no retries are written, so the mesh's default holds: Istio's own repeats a failed call twice";
    place.find("M005", message, "write retries: {attempts: 0}, or the retries that you want");
  }
  // A gateway's route for everything is also for streams that no contract has, such as reflection.
  const bounded = mesh || route.match !== undefined;
  const streams = methods.some(({ serverStreaming, clientStreaming }) => serverStreaming || clientStreaming);
  if (route.timeout === undefined && bounded && methods.length > 0 && !streams) {
    const message = "no timeout is written, so a caller without a deadline waits for ever";
    place.find("M005", message, "write timeout, such as 2s");
  }
}

function checkService(service: Service, context: Context): void {
  const routed = context.routesTo(service).some(({ mesh }) => mesh);
  const ejects = context
    .rulesOf(service)
    .some(
      ({ spec }) =>
        spec.trafficPolicy?.outlierDetection ?? spec.subsets?.some((s) => s.trafficPolicy?.outlierDetection),
    );
  if (routed && ejects) return;
  const missing = [
    ...(routed ? [] : ["a VirtualService with timeout and retries"]),
    ...(ejects ? [] : ["a DestinationRule with outlierDetection"]),
  ];
  const callers = [...context.calls.callers(service)].map(({ name }) => name).sort();
  const message = `${callers.join(", ")} ${callers.length === 1 ? "calls" : "call"} ${service.host} without ${missing.join(" and ")}`;
  const place = context.world.at(service.object).in("metadata", "name");
  place.find("M005", message, `write ${missing.join(", and ")} for ${service.host}`);
}
