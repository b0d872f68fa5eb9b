import { RE2JS } from "re2js";
import { regexProblem } from "./checks/regexes.ts";
import type { Contracts, Method } from "./contracts.ts";
import type { HttpMatch, HttpRoute, VirtualService } from "./kinds/virtual-service/schema.ts";
import { appliesToMesh } from "./kinds/virtual-service/validate.ts";
import type { Place } from "./place.ts";
import type { Resource } from "./resources.ts";
import type { Service } from "./services.ts";
import type { World } from "./world.ts";

/** An HTTP route with what it is for. */
export interface Route {
  resource: Resource<VirtualService>;
  route: HttpRoute;
  place: Place;
  /** The services that it sends requests to, as far as they are known. */
  services: Service[];
  /** The methods that it is the first to match, as far as the contracts tell. */
  methods: Method[];
  /** Whether sidecars use it, and not gateways alone. */
  mesh: boolean;
  retry: EffectiveRetry;
}

/** The retry policy that holds: the route's own, or the mesh's default where it writes none. */
export interface EffectiveRetry {
  written: boolean;
  attempts: number;
  reasons: string[];
}

/** Every HTTP route, in order. */
export function readRoutes(world: World): Route[] {
  return world.resources.VirtualService.flatMap((resource) => readVirtualService(resource, world));
}

function readVirtualService(resource: Resource<VirtualService>, world: World): Route[] {
  const taken = new Set<Method>();
  const { namespace } = resource.object.metadata;
  return (resource.spec.http ?? []).map((route, index) => {
    const services = (route.route ?? []).flatMap(
      ({ destination }) => world.services.find(destination?.host ?? "", namespace) ?? [],
    );
    const methods = matchedMethods(route, services, world.contracts).filter((method) => !taken.has(method));
    for (const match of route.match ?? [{}]) {
      if (isByPathAlone(match)) for (const method of methods) if (matchesPath(match, method.path)) taken.add(method);
    }
    return {
      resource,
      route,
      place: resource.place.in("http", index),
      services,
      methods,
      mesh: appliesToMesh(resource.spec),
      retry: effectiveRetry(route, world),
    };
  });
}

function effectiveRetry({ retries }: HttpRoute, { mesh }: World): EffectiveRetry {
  const attempts = retries ? (retries.attempts ?? 0) : mesh.defaultAttempts;
  return { written: retries !== undefined, attempts, reasons: (retries?.retryOn || mesh.defaultRetryOn).split(",") };
}

function matchedMethods(route: HttpRoute, services: readonly Service[], contracts: Contracts): Method[] {
  if (!contracts.known || !route.route?.length) return [];
  const pools = services.map(({ name, namespace }) => (name ? contracts.ofService(name, namespace) : undefined));
  const served = pools.every((pool) => pool !== undefined) && pools.length > 0 ? pools.flat() : undefined;
  const matches = route.match ?? [{}];
  const candidates = served ?? (matches.every(namesMethods) ? [...contracts.methods.values()] : []);
  return candidates.filter(({ path }) => matches.some((match) => matchesPath(match, path)));
}

/** Whether a match names gRPC's paths, so that it says by itself which methods it is for. */
function namesMethods({ uri }: HttpMatch): boolean {
  return isMethodPath(uri?.exact ?? uri?.prefix ?? "");
}

/** `/package.Service/...`: a path of gRPC, and not of REST. */
export function isMethodPath(path: string): boolean {
  return /^\/[a-zA-Z_]\w*(\.\w+)*\.[A-Z]\w*(\/|$)/.test(path);
}

function matchesPath({ uri, ignoreUriCase = false }: HttpMatch, path: string): boolean {
  const fold = (text: string) => (ignoreUriCase ? text.toLowerCase() : text);
  if (uri?.exact !== undefined) return fold(path) === fold(uri.exact);
  if (uri?.prefix !== undefined) return fold(path).startsWith(fold(uri.prefix));
  if (uri?.regex === undefined) return true;
  return regexProblem(uri.regex) === undefined && RE2JS.compile(uri.regex).matches(path);
}

function isByPathAlone(match: HttpMatch): boolean {
  return Object.keys(match).every((field) => field === "uri" || field === "name" || field === "ignoreUriCase");
}

/** A few names of a list, for a message. */
export function few(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** `ProductService/GetProduct` of a path. */
export function shortName({ path }: Method): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
