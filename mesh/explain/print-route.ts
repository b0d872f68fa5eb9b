import pc from "picocolors";
import type { Destination, Explanation, NotTaken, Setting } from "./explanation.ts";

/** An explanation for a reader: what happens, each setting with where it is written, then what was not taken and why. */
export function printRoute(explanation: Explanation): string {
  const { from, request, summary, virtualService, route, destinations, authorization, notTaken } = explanation;
  const lines = [`${pc.bold(from)} -> ${request.to} ${request.method} ${request.path}`, `  ${summary}`];
  if (virtualService) lines.push(row({ name: "VirtualService", value: virtualService.name, at: virtualService.at }));
  if (route) lines.push(row({ name: "route", value: route.name || "(no name)", at: route.at }));
  lines.push(...explanation.settings.map(row), ...destinations.flatMap(destinationLines));
  lines.push(...authorizationLines(authorization), ...section("not taken", notTaken));
  return `${lines.join("\n")}\n`;
}

function destinationLines(destination: Destination): string[] {
  const { host, port, subset, weight, destinationRule, settings, notTaken } = destination;
  const share = weight === 100 ? "" : `, weight ${weight}`;
  const head = `  ${pc.bold(`${host}:${port}`)}${subset === "" ? "" : ` subset ${subset}`}${share}`;
  const rule = destinationRule
    ? [row({ name: "DestinationRule", value: destinationRule.name, at: destinationRule.at })]
    : [];
  return ["", head, ...rule, ...settings.map(row), ...section("not taken", notTaken)];
}

function authorizationLines(authorization: Explanation["authorization"]): string[] {
  if (!authorization || authorization.policies.length === 0) return [];
  return section(`authorization: ${authorization.verdict}`, authorization.policies);
}

function row({ name, value, at }: Setting): string {
  return `    ${name}: ${pc.cyan(value)}${at === "" ? "" : `  ${pc.dim(at)}`}`;
}

function section(title: string, entries: readonly NotTaken[]): string[] {
  if (entries.length === 0) return [];
  return ["", `  ${title}`, ...entries.map(({ what, at, why }) => `    ${what}: ${why}  ${pc.dim(at)}`)];
}
