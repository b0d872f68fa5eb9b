import { passed, type TestResult } from "./result.ts";

/** Results as TAP version 14: https://testanything.org/tap-version-14-specification.html */
export function toTap(results: readonly TestResult[]): string {
  const lines = ["TAP version 14", `1..${results.length}`];
  results.forEach((result, index) => {
    const verdict = passed(result) ? "ok" : "not ok";
    lines.push(
      `${verdict} ${index + 1} - ${escaped(`${result.suite}: ${result.name}`)} # time=${Math.round(result.tookMs)}ms`,
    );
    if (passed(result)) return;
    lines.push("  ---", `  at: ${JSON.stringify(`${result.file}:${result.line}`)}`, "  failures:");
    for (const failure of result.failures) lines.push(`    - ${JSON.stringify(failure)}`);
    lines.push("  ...");
  });
  return `${lines.join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("#", "\\#").replaceAll(/\s+/g, " ");
}
