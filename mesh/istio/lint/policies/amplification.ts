import type { Route } from "../routes.ts";
import { formatDuration } from "../schema/duration.ts";
import type { Service } from "../services.ts";
import type { Workload } from "../workloads.ts";
import type { Context } from "./context.ts";
import { repeatsWork } from "./retries.ts";

/** How often a call may be made along the way to a service, and the layers that multiply it. */
interface Load {
  tries: number;
  layers: string[];
}

/** Retries that multiply along the calls, and callers that give up before their callee does (M006). */
export function checkAmplification(context: Context): void {
  const loads = new Loads(context);
  for (const service of context.world.services.all) {
    const load = loads.of(service);
    if (load.layers.length > 1) report(service, load, context);
    checkPatience(service, context);
  }
}

function report(service: Service, { tries, layers }: Load, context: Context): void {
  const route = context.routesTo(service).find((candidate) => triesOf(candidate) > 1);
  if (!route) return;
  const message = `retries multiply on the way to ${service.host}: ${layers.join(", then ")}: a failing call may be made ${tries} times`;
  const place = route.retry.written ? route.place.in("retries") : route.place;
  place.find(
    "M006",
    message,
    "retry at one layer, the one next to the failing service, and write attempts: 0 at the others",
  );
}

/** The worst load of each service; computed once, cycles cut. */
class Loads {
  readonly #context: Context;
  readonly #known = new Map<Service, Load>();
  readonly #open = new Set<Service>();

  constructor(context: Context) {
    this.#context = context;
  }

  of(service: Service): Load {
    const known = this.#known.get(service);
    if (known) return known;
    if (this.#open.has(service) || this.#open.size > 50) return { tries: 1, layers: [] };
    this.#open.add(service);
    const load = this.#worst(service);
    this.#open.delete(service);
    this.#known.set(service, load);
    return load;
  }

  #worst(service: Service): Load {
    const routes = this.#context.routesTo(service);
    let worst = layer({ tries: 1, layers: [] }, "the gateway", most(routes.filter(({ mesh }) => !mesh)));
    const inside = most(routes.filter(({ mesh }) => mesh));
    for (const caller of this.#context.calls.callers(service)) {
      const load = layer(this.#reaching(caller), caller.name, inside);
      if (load.tries > worst.tries) worst = load;
    }
    return worst;
  }

  /** The load of a workload: that of its most loaded service. */
  #reaching(workload: Workload): Load {
    const loads = this.#context.world.servicesOf(workload).map((service) => this.of(service));
    return loads.reduce((worst, load) => (load.tries > worst.tries ? load : worst), { tries: 1, layers: [] });
  }
}

function layer(load: Load, caller: string, tries: number): Load {
  return tries > 1 ? { tries: load.tries * tries, layers: [...load.layers, `${caller} tries ${tries} times`] } : load;
}

function most(routes: readonly Route[]): number {
  return routes.reduce((max, route) => Math.max(max, triesOf(route)), 1);
}

/** Tries that a failing service gets; retries of connections that were never made do not reach it. */
function triesOf({ retry, route }: Route): number {
  return route.route?.length && retry.attempts > 0 && repeatsWork(retry.reasons) ? retry.attempts + 1 : 1;
}

function checkPatience(service: Service, { routesTo, calls, world }: Context): void {
  const inbound = routesTo(service).filter(({ route }) => route.timeout !== undefined);
  const longest = inbound.reduce<Route | undefined>(
    (max, route) => (timeoutOf(route) > timeoutOf(max) ? route : max),
    undefined,
  );
  if (!longest || inbound.length < routesTo(service).length) return;
  const callees = new Set(world.workloadsOf(service).flatMap((workload) => [...calls.callees(workload)]));
  for (const callee of callees) {
    const timeouts = routesTo(callee).flatMap(({ mesh, route }) =>
      mesh && route.timeout !== undefined ? [route.timeout] : [],
    );
    const shortest = Math.min(...timeouts);
    if (timeouts.length === 0 || shortest <= timeoutOf(longest)) continue;
    const message = `callers of ${service.host} give up after ${formatDuration(timeoutOf(longest))}, while it waits ${formatDuration(shortest)} for ${callee.host}`;
    longest.place.in("timeout").find("M006", message, `let the timeout for ${callee.host} be the shorter one`);
  }
}

function timeoutOf(route: Route | undefined): number {
  return route?.route.timeout ?? 0;
}
