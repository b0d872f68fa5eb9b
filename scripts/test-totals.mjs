// Adds up vitest's JSON reports in a folder and prints "N passed, N failed". A run that failed outside its tests (a lint
// finding, a type error, a crash) counts as one failure, so that the line never hides it.
//
//   node scripts/test-totals.mjs FOLDER STATUS        exits with 1 if anything failed
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const name of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
}
if (status !== "0" && failed === 0) failed = 1;
if (passed === 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
