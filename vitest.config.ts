import { defineConfig } from "vitest/config";

/** Where .ci/run collects machine-readable reports. */
const reports = process.env["TEST_REPORTS"];
/** docs/decisions/010-repeated-tests.md. */
const retry = reports ? 1 : 0;
const exclude = ["**/node_modules/**", "gen/**", "dist/**"];

/** unit: no process, no network. integration: real PostgreSQL, NATS or Envoy. e2e: whole systems under `mesh`. */
export default defineConfig({
  test: {
    // A failure in the log of a CI run is often all there is to see of it.
    chaiConfig: { truncateThreshold: 400 },
    reporters: reports ? ["default", ["json", { outputFile: `${reports}/${process.pid}.json` }]] : ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, "**/*.integration.test.ts", "**/*.e2e.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude,
          retry,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["**/*.e2e.test.ts"],
          exclude,
          retry,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
