import { execFile } from "node:child_process";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import type { Probe, ProbeAction } from "../workloads/workload.ts";
import type { GrpcHealth, Target } from "./grpc-health.ts";

export interface ProbeContext {
  /** Where the process really listens for a container port. */
  targetOf(containerPort: number): Target;
  healthOf(containerPort: number): GrpcHealth;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Probes once: undefined when it succeeds, else why it failed. Never rejects. */
export function runProbe(probe: Probe, context: ProbeContext): Promise<string | undefined> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  const { action } = probe;
  switch (action.type) {
    case "grpc":
      return context.healthOf(action.port).check(action.service, timeoutMs);
    case "http":
      return checkHttp(action, context.targetOf(action.port), timeoutMs);
    case "tcp":
      return checkTcp(context.targetOf(action.port), timeoutMs);
    case "exec":
      return runCommand(action.command, context, timeoutMs);
  }
}

/** Succeeds from 200 to 399; certificates are not verified, as by the kubelet. */
function checkHttp(
  action: Extract<ProbeAction, { type: "http" }>,
  target: Target,
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const send = action.scheme === "HTTPS" ? requestHttps : requestHttp;
    const address = "path" in target ? { socketPath: target.path } : { ...target };
    const call = send({
      ...address,
      path: action.path.startsWith("/") ? action.path : `/${action.path}`,
      headers: { "user-agent": "kube-probe/1.35", ...action.headers },
      rejectUnauthorized: false,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    call.on("error", (error) => resolve(error.message));
    call.on("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? undefined : `answers ${status}`);
    });
    call.end();
  });
}

function checkTcp(target: Target, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...target });
    const finish = (failure: string | undefined) => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(timeoutMs, () => finish(`no answer within ${timeoutMs / 1000} s`));
    socket.on("connect", () => finish(undefined));
    socket.on("error", (error) => finish(error.message));
  });
}

/** Runs a command in the environment of a container: undefined when it ends with 0, else why not. Never rejects. */
export function runCommand(
  command: readonly string[],
  place: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  timeoutMs: number,
): Promise<string | undefined> {
  const [file = "", ...args] = command;
  const options = { env: { ...place.env }, cwd: place.cwd, timeout: timeoutMs, killSignal: "SIGKILL" as const };
  return new Promise((resolve) => {
    execFile(file, args, options, (error) => resolve(error ? error.message.split("\n")[0] : undefined));
  });
}
