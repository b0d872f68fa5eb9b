import pc from "picocolors";
import type { Difference } from "./diff.ts";
import type { Effect, ResourceChange } from "./diff-envoy.ts";
import type { ObjectChange } from "./diff-objects.ts";

const signs = { added: pc.green("+"), removed: pc.red("-"), changed: pc.yellow("~") } as const;

/** A difference for a reader: the YAML's fields, then who is touched, with the Envoy configuration behind it. */
export function printDiff({ objects, effects, untouched }: Difference): string {
  if (objects.length === 0 && effects.length === 0) return "nothing changes\n";
  const lines = objects.flatMap(objectLines);
  if (effects.length === 0) lines.push("", "no proxy is touched");
  else lines.push("", ...effects.flatMap(effectLines));
  if (untouched.length > 0 && effects.length > 0) lines.push(pc.dim(`untouched: ${untouched.join(", ")}`));
  return `${lines.join("\n")}\n`;
}

function objectLines({ kind, namespace, name, change, fields }: ObjectChange): string[] {
  const place = change === "changed" ? "" : pc.dim(`  ${fields[0]?.afterAt ?? fields[0]?.beforeAt ?? ""}`);
  const head = `${signs[change]} ${kind} ${namespace === "" ? "" : `${namespace}/`}${name}${place}`;
  if (change !== "changed") return [head];
  const rows = fields.map((field) => {
    const at = pc.dim(`${field.beforeAt ?? ""} -> ${field.afterAt ?? ""}`);
    return `    ${field.path}: ${values(field)}  ${at}`;
  });
  return [head, ...rows];
}

function effectLines({ callers, callee, resources }: Effect): string[] {
  return [`${callers.join(", ")} -> ${callee}`, ...resources.flatMap(resourceLines), ""];
}

function resourceLines({ type, name, change, fields }: ResourceChange): string[] {
  const head = `  ${signs[change]} ${type} ${name}`;
  if (change !== "changed") return [head];
  return [head, ...fields.map((field) => `      ${field.path}: ${values(field)}`)];
}

function values({ before, after }: { before?: unknown; after?: unknown }): string {
  if (before === undefined) return `${pc.green("+")} ${shown(after)}`;
  if (after === undefined) return `${pc.red("-")} ${shown(before)}`;
  return `${shown(before)} -> ${shown(after)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}
