import { createColors } from "picocolors";
import type { Finding, Severity } from "../finding.ts";

/** Findings for a reader: by file, each with its place, what will happen, and what to write instead; a count at the end. */
export function formatFindings(findings: readonly Finding[], { color }: { color: boolean }): string {
  const colors = createColors(color);
  const paint: Record<Severity, (text: string) => string> = {
    error: colors.red,
    warning: colors.yellow,
    info: colors.cyan,
  };
  const lines: string[] = [];
  let file: string | undefined;
  for (const finding of findings) {
    if (finding.file !== file) {
      if (file !== undefined) lines.push("");
      file = finding.file;
      lines.push(colors.bold(file));
    }
    const { line, column, code, severity, message, path, hint } = finding;
    const place = `${line}:${column}`.padEnd(8);
    lines.push(`  ${place}${paint[severity](`${severity} ${code}`)}  ${message}`);
    lines.push(`          ${path ? colors.dim(`${path}: `) : ""}${hint}`);
  }
  if (lines.length > 0) lines.push("");
  return `${[...lines, summarize(findings)].join("\n")}\n`;
}

function summarize(findings: readonly Finding[]): string {
  if (findings.length === 0) return "no findings";
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const parts = [plural(count("error"), "error"), plural(count("warning"), "warning"), `${count("info")} info`];
  return parts.join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
