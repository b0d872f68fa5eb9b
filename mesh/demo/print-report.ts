import pc from "picocolors";
import { type Figures, lines } from "./figures.ts";
import type { DemonstrationReport } from "./run-demonstration.ts";
import type { LoadReport } from "./stage.ts";

/** A report as text for a terminal. */
export function printReport(report: DemonstrationReport): string {
  const { id, name, shows, document, loads, checks, violations, invariants, problems } = report;
  const held = violations.length === 0 && problems.length === 0;
  return [
    `\n${pc.bold(`${id} ${name}`)}`,
    shows,
    `\nThe document: ${document}`,
    ...loads.map(table),
    "",
    ...checks.map(({ text, reached, seen }) => `${mark(reached, "seen")} ${text}${seen ? pc.dim(` (${seen})`) : ""}`),
    ...(held ? [`${mark(true, "holds")} ${invariants}`] : []),
    ...violations.map((violation) => `${mark(false, "broken")} ${violation}`),
    ...problems.map((problem) => `${mark(false, "problem")} ${problem}`),
    "",
  ].join("\n");
}

function table({ title, concurrency, seconds, document, here }: LoadReport): string {
  const keys = Object.keys(lines) as (keyof Figures)[];
  const rows = keys.map((key) => {
    const [label, digits] = lines[key];
    const told = document[key]?.toFixed(digits) ?? "-";
    return `  ${label.padEnd(26)}${told.padStart(12)}${here[key].toFixed(digits).padStart(12)}`;
  });
  const callers = concurrency === 1 ? "1 caller" : `${concurrency} callers`;
  const head = `\n${pc.bold(title)}, ${callers}, ${seconds} s`;
  return [head, pc.dim(`  ${"".padEnd(26)}${"document".padStart(12)}${"here".padStart(12)}`), ...rows].join("\n");
}

function mark(good: boolean, word: string): string {
  const text = (good ? word : word === "seen" ? "not seen" : word).padEnd(8);
  return good ? pc.green(text) : pc.red(text);
}
