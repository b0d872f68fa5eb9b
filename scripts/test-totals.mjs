// Adds up vitest's JSON reports in a folder: names every failed test, and every one that passed only when it was repeated, with
// the first line of its reason, then prints "N passed, N failed". A run that failed outside its tests (a lint finding, a type
// error, a crash) counts as one failure, so that the line never hides it.
//
//   node scripts/test-totals.mjs FOLDER STATUS        exits with 1 if anything failed
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [folder, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const name of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const file of report.testResults) {
    const at = relative(process.cwd(), file.name);
    const reasonsOf = (status) =>
      file.assertionResults
        .filter((test) => test.status === status && test.failureMessages.length > 0)
        .map((test) => `${test.fullName}: ${firstLine(test.failureMessages.join("\n"))}`);
    for (const reason of reasonsOf("passed")) console.log(`passed when repeated: ${at}: ${reason}`);
    const reasons = reasonsOf("failed");
    // A file that could not be run at all (its import or a beforeAll failed) may have no failed test of its own.
    if (file.status === "failed" && reasons.length === 0) reasons.push(firstLine(file.message));
    for (const reason of reasons) console.log(`failed: ${at}: ${reason}`);
  }
}
if (status !== "0" && failed === 0) failed = 1;
if (passed === 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function firstLine(text) {
  return (text.split("\n").find((line) => line.trim() !== "") ?? "no reason given").slice(0, 400);
}
