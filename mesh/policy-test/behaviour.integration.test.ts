import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTestText } from "./load-tests.ts";
import type { TestResult } from "./result.ts";
import { runTests } from "./run-tests.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-behaviour-"));
  writeFileSync(join(folder, "policies.yaml"), policies);
});

afterAll(() => rmSync(folder, { recursive: true }));

// `a` has a breaker and limits, `plain` is an HTTP service, `defaults` has nothing: Istio's defaults are in force.
const policies = `
apiVersion: v1
kind: Service
metadata: {name: plain, namespace: shop}
spec: {selector: {app: plain}, ports: [{name: http, port: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
    - match: [{uri: {exact: /x.Y/Slow}}]
      timeout: 0.4s
      retries: {attempts: 2, retryOn: unavailable}
      route: [{destination: {host: a}}]
    - match: [{uri: {exact: /x.Y/Read}}]
      retries: {attempts: 2, retryOn: unavailable}
      route: [{destination: {host: a}}]
    - retries: {attempts: 0}
      route: [{destination: {host: a}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec:
  host: a
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: 5}}
    outlierDetection: {consecutive5xxErrors: 3, interval: 1s, baseEjectionTime: 60s, maxEjectionPercent: 50, minHealthPercent: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: plain, namespace: shop}
spec:
  hosts: [plain]
  http:
    - retries: {attempts: 1, retryOn: "503"}
      route: [{destination: {host: plain}}]
`;

const head = `apiVersion: mainsheet.dev/v1
kind: PolicyTest
metadata: {name: shop}
spec:
  policies: [policies.yaml]
  behaviour:
`;

const read = '{to: "a.shop:50051", grpc: x.Y/Read';
/** Has a timeout. */
const slow = '{to: "a.shop:50051", grpc: x.Y/Slow';
const write = '{to: "a.shop:50051", grpc: x.Y/Write';

async function run(behaviour: string): Promise<TestResult[]> {
  const loaded = loadTestText(head + behaviour, join(folder, "shop.test.yaml"));
  expect(loaded.findings).toEqual([]);
  const { results, findings } = await runTests(loaded, { policies: [] });
  expect(findings).toEqual([]);
  return results;
}

const failuresOf = async (behaviour: string) => (await run(behaviour)).flatMap(({ failures }) => failures);

test("retries, timeouts and limits are those of the caller's policies", async () => {
  expect(
    await failuresOf(`
    - name: all of it
      from: shop/web
      workloads: {shop/a: {script: {first: 2, status: UNAVAILABLE}}}
      steps:
        - {call: ${read}}, expect: {status: OK, flags: {"-": 1}, attempts: {shop/a: 3}}}
        - script: {shop/a: {status: UNAVAILABLE}}
          call: ${write}}
          expect: {status: UNAVAILABLE, attempts: {shop/a: 1}}
        - script: {shop/a: {delay: 60s}}
          call: ${slow}}
          expect: {status: {OK: none}, message: timeout, took: {fastest: {atLeast: 0.35s}, slowest: {atMost: 30s}}}
        - script: {shop/a: {delay: 3s}}
          call: ${write}, times: 20, concurrency: 20}
          expect:
            status: {OK: {atLeast: 1, atMost: 10}, UNAVAILABLE: {atLeast: 10}}
            flags: {UO: {atLeast: 10}}
            message: overflow
        - call: ${write}, deadline: 100ms}
          # The caller's own clock and its proxy's, which knows the deadline too, ring at the same time.
          expect: {status: {OK: none}, took: {fastest: {atLeast: 0.09s}}}
`),
  ).toEqual([]);
});

test("a breaker opens on the host that fails, is refused where the policy does not allow it, and closes", async () => {
  expect(
    await failuresOf(`
    - name: one of two
      from: shop/web
      workloads: {shop/a: {replicas: 2, script: {replica: 1, status: INTERNAL}}}
      steps:
        # Left in, a-1 would get 20 of the 40. Envoy's threads hear of the ejection a moment later.
        - call: ${write}, times: 40}
          expect:
            breaker: {shop/a: {open: [a-1], blocked: false}}
            attempts: {a-1: {atLeast: 3, atMost: 12}, a-2: {atLeast: 20}}
            within: 10s
        - script: {shop/a: {status: INTERNAL}}
          call: ${write}, times: 10}
          expect: {status: INTERNAL, attempts: {a-2: all}, breaker: {shop/a: {open: [a-1], blocked: true}}, within: 10s}
    - name: until its time is over
      from: shop/web
      change: [{kind: DestinationRule, set: {spec.trafficPolicy.outlierDetection.baseEjectionTime: 10s}}]
      workloads: {shop/a: {replicas: 2, script: {replica: 1, status: INTERNAL}}}
      steps:
        - {call: ${write}, times: 20}, expect: {breaker: {shop/a: {open: [a-1]}}, within: 10s}}
        - {script: {shop/a: {}}, expect: {breaker: {shop/a: closed}, within: 60s}}
        - {call: ${write}, times: 20}, expect: {status: OK, attempts: {a-1: {atLeast: 1}}}}
`),
  ).toEqual([]);
});

test("HTTP services answer with statuses, refuse connections and are retried by status", async () => {
  expect(
    await failuresOf(`
    - name: plain HTTP
      from: shop/web
      workloads: {shop/plain: {script: {path: /down, httpStatus: 503}}}
      steps:
        - {call: {to: "plain.shop:8080", http: GET /up}, expect: {status: 200, attempts: {shop/plain: 1}}}
        - {call: {to: "plain.shop:8080", http: GET /down}, expect: {status: 503, attempts: {shop/plain: 2}, flags: {URX: 1}}}
        - script: {shop/plain: {refuse: true}}
          call: {to: "plain.shop:8080", http: GET /up}
          expect: {status: 503, attempts: {shop/plain: none}}
`),
  ).toEqual([]);
});

const hops = ["shop/b", "shop/c", "shop/d"];
const chain = hops
  .map((id, index) => {
    const next = hops[index + 1]?.replace("shop/", "");
    const script = next ? `{call: {to: "${next}.shop:50051", grpc: x.Y/Read}}` : "{status: UNAVAILABLE}";
    return `${id}: {script: ${script}}`;
  })
  .join(", ");

test("tells amplification: Istio's default retries make 27 calls of one at three hops", async () => {
  const behaviour = (most: string) => `
    - name: a chain
      from: shop/web
      workloads: {${chain}}
      steps:
        - call: {to: "b.shop:50051", grpc: x.Y/Read, times: 4}
          expect: {status: UNAVAILABLE, attempts: {shop/d: {atMost: ${most}}}}
`;
  expect(await failuresOf(behaviour("27x"))).toEqual([]);
  expect(await failuresOf(behaviour("1.2x"))).toEqual([
    "step 1: attempts at shop/d: expected at most 1.2x (4.8), got 108",
  ]);
});

test("changes that fit nothing and names that nobody has fail the test and say so", async () => {
  const steps = `steps: [{call: ${read}}}]`;
  const noise = "{name: wrong, from: shop/web, workloads: {shop/a: {}}";
  expect(await failuresOf(`    - ${noise}, change: [{kind: Sidecar, delete: true}], ${steps}}\n`)).toEqual([
    "change: there is no Sidecar",
  ]);
  const unknown = `    - ${noise}, steps: [{expect: {attempts: {shop/z: 1}}}]}\n`;
  expect(await failuresOf(unknown)).toEqual(["step 1: attempts: there is no workload or replica shop/z"]);
});

test("the command prints TAP, writes JUnit, and exits with 1 when a test failed", async () => {
  const file = join(folder, "cli.test.yaml");
  const routing = (name: string, timeout: string) =>
    `    - {name: ${name}, from: shop/web, request: ${slow}}, expect: {timeout: ${timeout}}}\n`;
  writeFileSync(file, `${head.replace("behaviour", "routing")}${routing("holds", "400ms")}${routing("breaks", "1s")}`);
  const junit = join(folder, "report.xml");
  const failed = await mesh("test", file, "--tap", "--junit", junit);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/^TAP version 14\n1\.\.2\nok 1 - shop: holds .*\nnot ok 2 - shop: breaks/);
  expect(failed.stdout).toContain("timeout: expected 1000ms, got 400ms");
  expect(readFileSync(junit, "utf8")).toContain('<testsuite name="shop" tests="2" failures="1"');
  expect((await mesh("test", file, "--only", "holds")).code).toBe(0);
  expect((await mesh("test", file, "--only", "nothing of the kind")).code).toBe(1);
  writeFileSync(file, `${head}    - {name: a}\n`);
  const bad = await mesh("test", file);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("cli.test.yaml:7:7: error M950: behaviour[0] has no from");
});

function mesh(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = join(import.meta.dirname, "..", "cli", "main.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}
