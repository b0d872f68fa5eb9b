import { passed, type TestResult } from "./result.ts";

/** Results in the XML that CI systems read as JUnit's: one testsuite for each suite of tests, times in seconds. */
export function toJunit(results: readonly TestResult[]): string {
  const suites = Map.groupBy(results, ({ suite }) => suite);
  const body = [...suites].map(([name, tests]) => suiteXml(name, tests)).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals(results)}>\n${body}</testsuites>\n`;
}

function suiteXml(name: string, tests: readonly TestResult[]): string {
  const cases = tests.map(caseXml).join("");
  return `  <testsuite name="${escaped(name)}" ${totals(tests)}>\n${cases}  </testsuite>\n`;
}

function caseXml(test: TestResult): string {
  const { name, suite, file, line, failures, tookMs } = test;
  const where = `name="${escaped(name)}" classname="${escaped(suite)}" file="${escaped(file)}" line="${line}"`;
  const open = `    <testcase ${where} time="${seconds(tookMs)}"`;
  if (passed(test)) return `${open}/>\n`;
  const failure = `<failure message="${escaped(failures[0] ?? "")}">${escaped(failures.join("\n"))}</failure>`;
  return `${open}>\n      ${failure}\n    </testcase>\n`;
}

function totals(tests: readonly TestResult[]): string {
  const failed = tests.filter((test) => !passed(test)).length;
  const tookMs = tests.reduce((sum, test) => sum + test.tookMs, 0);
  return `tests="${tests.length}" failures="${failed}" errors="0" time="${seconds(tookMs)}"`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

/** Escapes what XML reserves and drops what it cannot hold. */
function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;" };
  const legal = [...text]
    .filter((char) => /[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\u{10000}-\u{10ffff}]/u.test(char))
    .join("");
  return legal.replaceAll(/[&<>"\n]/g, (char) => entities[char] ?? char);
}
