import type { ExtensionProvider } from "#mesh/istio/mesh-config.ts";
import type { Resource } from "#mesh/istio/resource.ts";
import type { AccessLogging, Telemetry } from "#mesh/istio/telemetry.ts";
import { meshAccessLog, providerAccessLog } from "./access-log-format.ts";
import type { Compilation } from "./compilation.ts";
import { httpConnectionManagerName } from "./http-connection-manager.ts";
import { extension, type JsonObject, objectAt, objectsAt } from "./json.ts";
import { labelsMatch } from "./proxy.ts";

/** Whose side of a call a listener is on. */
type Side = "CLIENT" | "SERVER";

/** A listener's own log: of connections that no filter chain took, which nothing else would tell of. */
const notTaken: JsonObject = { response_flag_filter: { flags: ["NR"] } };

/** Adds the access logs that the mesh configuration and Telemetry resources ask for. Changes the listeners. */
export function applyAccessLogs(listeners: JsonObject[], compilation: Compilation): void {
  const bySide = { CLIENT: accessLogs("CLIENT", compilation), SERVER: accessLogs("SERVER", compilation) };
  if (bySide.CLIENT.length === 0 && bySide.SERVER.length === 0) return;
  for (const listener of listeners) {
    const logs = listener["traffic_direction"] === "INBOUND" ? bySide.SERVER : bySide.CLIENT;
    if (logs.length === 0) continue;
    const chains = [...objectsAt(listener, "filter_chains"), objectAt(listener, "default_filter_chain")];
    for (const chain of chains) applyToChain(chain, logs);
    if (logsItself(listener, compilation)) listener["access_log"] = logs.map(withoutTaken);
  }
}

function applyToChain(chain: JsonObject, logs: JsonObject[]): void {
  if (String(chain["name"] ?? "").endsWith("-blackhole")) return;
  const logging = new Set([httpConnectionManagerName, "envoy.filters.network.tcp_proxy"]);
  for (const filter of objectsAt(chain, "filters")) {
    if (logging.has(String(filter["name"]))) objectAt(filter, "typed_config")["access_log"] = logs;
  }
}

/** Listeners that connections are redirected to, and those of gateways. */
function logsItself(listener: JsonObject, { proxy }: Compilation): boolean {
  const outbound = listener["traffic_direction"] === "OUTBOUND";
  return proxy.type === "router" || !outbound || listener["use_original_dst"] === true;
}

function withoutTaken(log: JsonObject): JsonObject {
  const own = log["filter"];
  return { ...log, filter: own === undefined ? notTaken : { and_filter: { filters: [notTaken, own] } } };
}

function accessLogs(side: Side, compilation: Compilation): JsonObject[] {
  const { settings } = compilation.mesh;
  const levels = applicable(compilation);
  const defaults = settings.fields.defaultProviders?.accessLogging ?? [];
  if (levels.length === 0 && defaults.length === 0) {
    const path = settings.fields.accessLogFile ?? "";
    return path === "" ? [] : [meshAccessLog(path, settings)];
  }
  const chosen = mergeLevels(levels, defaults, side);
  return [...chosen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, filter]) => {
      const provider = findProvider(name, settings.fields.extensionProviders ?? []);
      const log = provider && providerAccessLog(provider, settings);
      return log ? [filter === "" ? log : { ...log, filter: celFilter(filter) }] : [];
    });
}

/** The Telemetry resources for a workload, the most general first: of the root namespace, its own, and those that select it. */
function applicable({ mesh, proxy }: Compilation): AccessLogging[][] {
  const { rootNamespace } = mesh.settings;
  const isGeneral = ({ spec }: Resource<Telemetry>): boolean =>
    Object.keys(spec.selector?.matchLabels ?? {}).length === 0;
  const general = (namespace: string): Resource<Telemetry> | undefined =>
    mesh.telemetries.find((one) => one.namespace === namespace && isGeneral(one));
  const selecting = mesh.telemetries.filter(
    (one) =>
      one.namespace === proxy.namespace &&
      !isGeneral(one) &&
      labelsMatch(one.spec.selector?.matchLabels ?? {}, proxy.labels),
  );
  const own = proxy.namespace === rootNamespace ? undefined : general(proxy.namespace);
  return [general(rootNamespace), own, ...selecting].flatMap((one) => {
    const logging = one?.spec.accessLogging ?? [];
    return logging.length > 0 ? [logging] : [];
  });
}

/** The providers that write in the end, each with its filter: the lowest level that names any decides which. */
function mergeLevels(levels: AccessLogging[][], defaults: string[], side: Side): Map<string, string> {
  const namesOf = ({ providers = [] }: AccessLogging): string[] => providers.flatMap(({ name }) => name ?? []);
  const isFor = ({ match }: AccessLogging): boolean =>
    !match?.mode || match.mode === "CLIENT_AND_SERVER" || match.mode === side;
  const named = levels.map((level) => level.filter(isFor).flatMap(namesOf)).filter((names) => names.length > 0);
  const inScope = new Set(named.at(-1) ?? defaults);
  const filters = new Map<string, string>();
  for (const entry of levels.flat().filter(isFor)) {
    for (const name of namesOf(entry)) filters.set(name, entry.filter?.expression ?? "");
  }
  const chosen = new Map<string, string>(levels.length === 0 ? defaults.map((name) => [name, ""]) : []);
  let inherited = defaults;
  for (const entry of levels.flat()) {
    const names = namesOf(entry);
    inherited = names.length > 0 ? names : inherited;
    if (!isFor(entry)) continue;
    for (const name of inherited.filter((one) => inScope.has(one))) {
      if (entry.disabled) chosen.delete(name);
      else chosen.set(name, filters.get(name) ?? "");
    }
  }
  return chosen;
}

/** `envoy` is always there. */
function findProvider(name: string, providers: ExtensionProvider[]): ExtensionProvider | undefined {
  const found = providers.find((provider) => provider.name?.toLowerCase() === name.toLowerCase());
  return found ?? (name.toLowerCase() === "envoy" ? { name: "envoy", envoyFileAccessLog: {} } : undefined);
}

function celFilter(expression: string): JsonObject {
  const type = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter";
  return { extension_filter: extension("envoy.access_loggers.extension_filters.cel", type, { expression }) };
}
