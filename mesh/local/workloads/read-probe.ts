import type { Cursor } from "./cursor.ts";
import type { ContainerPort, PreStop, Probe, ProbeAction } from "./workload.ts";

const timing = [
  "initialDelaySeconds",
  "periodSeconds",
  "timeoutSeconds",
  "successThreshold",
  "failureThreshold",
  "terminationGracePeriodSeconds",
];
const actions = ["grpc", "httpGet", "tcpSocket", "exec"];

/** A startupProbe, livenessProbe or readinessProbe; undefined when it is absent or cannot be used. */
export function readProbe(at: Cursor, ports: readonly ContainerPort[]): Probe | undefined {
  if (!at.present) return undefined;
  at.only([...timing, ...actions]);
  const action = readAction(at, ports);
  if (!action) return undefined;
  const grace = at.get("terminationGracePeriodSeconds").integer(1);
  return {
    action,
    initialDelaySeconds: at.get("initialDelaySeconds").integer(0) ?? 0,
    periodSeconds: at.get("periodSeconds").integer(1) ?? 10,
    timeoutSeconds: at.get("timeoutSeconds").integer(1) ?? 1,
    successThreshold: at.get("successThreshold").integer(1) ?? 1,
    failureThreshold: at.get("failureThreshold").integer(1) ?? 3,
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  };
}

function readAction(at: Cursor, ports: readonly ContainerPort[]): ProbeAction | undefined {
  const written = actions.filter((name) => at.get(name).present);
  if (written.length !== 1) {
    at.refuse(`needs exactly one of ${actions.join(", ")}`);
    return undefined;
  }
  if (written[0] === "exec") return { type: "exec", command: readCommand(at.get("exec")) };
  const handler = at.get(written[0] ?? "");
  const port = readPort(handler.get("port"), ports);
  if (port === undefined) return undefined;
  if (written[0] === "grpc") return { type: "grpc", port, service: handler.get("service").string() ?? "" };
  if (written[0] === "tcpSocket") return { type: "tcp", port };
  return { type: "http", port, ...readHttp(handler) };
}

function readHttp(handler: Cursor): { path: string; scheme: "HTTP" | "HTTPS"; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  for (const header of handler.get("httpHeaders").items()) {
    const name = header.get("name").string();
    if (name) headers[name] = header.get("value").string() ?? "";
  }
  const scheme = handler.get("scheme").string() === "HTTPS" ? "HTTPS" : "HTTP";
  return { path: handler.get("path").string() ?? "/", scheme, headers };
}

function readPort(at: Cursor, ports: readonly ContainerPort[]): number | undefined {
  const named = typeof at.value === "string" ? ports.find((port) => port.name === at.value)?.containerPort : undefined;
  const number = named ?? (typeof at.value === "string" ? undefined : at.required(at.integer(1, 65_535)));
  if (number === undefined && typeof at.value === "string") at.refuse(`names no port of the container: "${at.value}"`);
  if (number !== undefined && !ports.some((port) => port.containerPort === number)) {
    at.refuse(`probes port ${number}, which the container does not declare`, "add it to the container's ports");
    return undefined;
  }
  return number;
}

/** lifecycle.preStop: sleep and exec. */
export function readPreStop(at: Cursor): PreStop | undefined {
  if (!at.present) return undefined;
  const seconds = at.get("sleep", "seconds").integer(0);
  if (seconds !== undefined) return { type: "sleep", seconds };
  if (at.get("exec").present) return { type: "exec", command: readCommand(at.get("exec")) };
  at.report("M921", "warning", "is not run locally", "sleep and exec are");
  return undefined;
}

export function readCommand(handler: Cursor): string[] {
  return handler
    .get("command")
    .items()
    .map((item) => item.string() ?? "");
}
