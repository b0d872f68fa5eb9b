import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { startTimeOf } from "../supervisor/process-table.ts";
import type { StatusRow } from "./status.ts";

const cli = join(import.meta.dirname, "..", "..", "cli", "main.ts");
const repository = mkdtempSync(join(tmpdir(), "mesh-repo-"));
const state = join(repository, ".mesh");

const k8s = `apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: shop }
data: { GREETING: hello }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, annotations: { mainsheet.dev/run: exec ${process.execPath} server.mjs } }
spec:
  replicas: 2
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      terminationGracePeriodSeconds: 2
      containers:
        - name: web
          image: web
          ports: [{ name: http, containerPort: 8080 }]
          envFrom: [{ configMapRef: { name: web } }]
          env: [{ name: DATABASE_URL, value: "postgresql://u:p@postgres.postgres.svc.cluster.local:5432/shop_web" }]
          readinessProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 1 }
`;

const istio = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.localhost] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [shop.localhost]
  gateways: [shop]
  http:
    - route: [{ destination: { host: web.shop.svc.cluster.local, port: { number: 80 } } }]
`;

function write(path: string, text: string): void {
  mkdirSync(join(repository, path, ".."), { recursive: true });
  writeFileSync(join(repository, path), text);
}

interface Result {
  readonly code: number;
  readonly text: string;
}

function mesh(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const all = [cli, ...args, "--state", state];
    execFile(process.execPath, all, { cwd: repository, timeout: 170_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, text: `${stdout}${stderr}` });
    });
  });
}

async function up(): Promise<Result> {
  return mesh("up", "--detach", "--gateway-port", "0", "--timeout", "150");
}

async function rows(): Promise<StatusRow[]> {
  const { text } = await mesh("status", "--json");
  return JSON.parse(text) as StatusRow[];
}

async function rowOf(workload: string): Promise<StatusRow> {
  const row = (await rows()).find((candidate) => candidate.workload === workload);
  if (!row) throw new Error(`no row of ${workload}`);
  return row;
}

let gatewayPort = 0;

async function findGateway(): Promise<void> {
  const port = (await rowOf("envoy")).ports.find(({ name }) => name === "http");
  gatewayPort = Number(port?.listens.split(":")[1]);
}

function get(path = "/"): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { port: gatewayPort, path, headers: { host: "shop.localhost" }, agent: false, timeout: 5_000 };
    const call = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on("error", reject).end();
  });
}

beforeAll(async () => {
  cpSync(
    join(import.meta.dirname, "..", "testdata", "server.mjs"),
    join(repository, "services", "shop", "web", "server.mjs"),
  );
  write("services/shop/web/k8s.yaml", k8s);
  write("istio/shop.yaml", istio);
  const { code, text } = await up();
  if (code !== 0) throw new Error(text);
  await findGateway();
});

afterAll(async () => {
  await mesh("down");
  rmSync(repository, { recursive: true, force: true });
});

describe("mesh up", () => {
  it("has all ready behind the gateway when it returns", async () => {
    expect(JSON.parse((await get()).body)).toMatchObject({ greeting: "hello" });
    const all = await rows();
    expect(all.map(({ system, workload }) => `${system}/${workload}`)).toEqual([
      "mesh/postgres",
      "mesh/nats",
      "mesh/envoy",
      "shop/web",
      "shop/web",
    ]);
    for (const row of all)
      expect(row).toMatchObject({ ready: true, state: "Running", restarts: 0, pid: expect.any(Number) });
  });

  it("says at the second time that it runs already, and goes on", async () => {
    const { code, text } = await up();
    expect(code).toBe(0);
    expect(text).toContain("runs already (pid");
    expect((await get()).status).toBe(200);
  });

  it("names the process that has the gateway's port", async () => {
    const { code, text } = await mesh("up", "--detach", "--gateway-port", String(gatewayPort));
    expect(code).toBe(0); // It is this mesh's own port: the mesh runs already.
    const other = await new Promise<Result>((resolve) => {
      const args = [cli, "up", "--detach", "--gateway-port", String(gatewayPort), "--state", join(repository, "other")];
      execFile(process.execPath, args, { cwd: repository }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
      );
    });
    expect(text).toContain("runs already");
    expect(other.code).toBe(1);
    expect(other.text).toMatch(/port \d+, the gateway's, is taken by envoy \(pid \d+\).*--gateway-port/s);
  });
});

describe("commands", () => {
  it.each([
    [["scale", "shop/nothing", "2"], "no workload is called shop/nothing; there is: shop/web"],
    [["logs", "nothing"], "no log of nothing; there are logs of: shop/web"],
    [["up", "nothing", "--detach"], "no system is called nothing; there are: shop"],
    [["apply", "-k", "nothing"], "nothing does not exist"],
  ])("%j ends with code 1 and a remedy", async (args, message) => {
    const { code, text } = await mesh(...args);
    expect(code).toBe(1);
    expect(text).toContain(message);
  });

  it("scale, stop and start", async () => {
    expect((await mesh("scale", "web", "3")).text).toContain("shop/web: 3/3 ready");
    expect((await mesh("stop", "shop/web")).text).toContain("shop/web: 0/0 ready");
    await eventually(async () => (await get()).status === 503);
    expect((await mesh("start", "shop/web")).text).toContain("shop/web: 3/3 ready");
    await eventually(async () => (await get()).status === 200);
    await mesh("scale", "web", "2");
  });

  it("logs prints what the replicas wrote, config what Envoy runs", async () => {
    await mesh("restart", "web");
    const replicas = (await rows()).filter(({ workload }) => workload === "web").map(({ replica }) => replica);
    const { code, text } = await mesh("logs", "web");
    expect(code).toBe(0);
    for (const replica of replicas) expect(text).toContain(`${replica} listens`);
    const routes = await mesh("config", "--kind", "routes", "--list");
    expect(routes.text).toMatch(/^routes istio-ingressgateway/m);
    expect((await mesh("config", "--path", "/ready")).text).toBe("LIVE\n");
  });

  it("stop and start a server, which keeps its port", async () => {
    const before = await rowOf("nats");
    expect((await mesh("stop", "nats")).text).toContain("nats: stopped");
    expect(await rowOf("nats")).toMatchObject({ ready: false, state: "Stopped", pid: 0 });
    expect((await mesh("start", "nats")).text).toContain("nats: running");
    expect((await rowOf("nats")).ports).toEqual(before.ports);
  });

  it("apply puts an overlay in force and takes it away", async () => {
    write(
      "overlays/loud/kustomization.yaml",
      `resources: [../../services/shop/web/k8s.yaml]
patches:
  - patch: |-
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: web, namespace: shop }
      data: { GREETING: HELLO }
`,
    );
    expect(await mesh("apply", "-k", "overlays/loud")).toMatchObject({ code: 0 });
    expect((await get()).body).toContain("HELLO");
    expect((await mesh("status")).text).toContain("overlays in force: overlays/loud");
    expect((await mesh("apply", "--remove")).text).toContain("removed overlays/loud");
    expect((await get()).body).toContain("hello");
    write("overlays/bad/kustomization.yaml", "namePrefix: x-\nresources: [../../services/shop/web/k8s.yaml]\n");
    const bad = await mesh("apply", "-k", "overlays/bad");
    expect(bad).toMatchObject({ code: 1, text: expect.stringContaining("kustomization.yaml:1:1") });
  });
});

describe("a change of a file", () => {
  it("of istio/ comes into force", async () => {
    write(
      "istio/shop.yaml",
      istio.replace("- route:", "- fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }\n      route:"),
    );
    await eventually(async () => (await get()).status === 418);
    write("istio/shop.yaml", istio);
    await eventually(async () => (await get()).status === 200);
  });

  it("that is broken leaves the old state in force and is reported with its place", async () => {
    write(
      "istio/shop.yaml",
      istio.replace("hosts: [shop.localhost]\n  gateways", "hosts: [shop.localhost\n  gateways"),
    );
    await eventually(async () => /istio\/shop\.yaml:\d+:\d+/.test((await mesh("status")).text));
    expect((await get()).status).toBe(200);
    write("istio/shop.yaml", istio);
    await eventually(async () => !(await mesh("status")).text.includes("istio/shop.yaml"));
  });

  it("that istiod would refuse leaves the old state in force too", async () => {
    write("istio/shop.yaml", istio.replace("- route:", "- timeout: soon\n      route:"));
    await eventually(async () => /istio\/shop\.yaml:15:\d+\n.*istiod refuses/.test((await mesh("status")).text));
    expect((await get()).status).toBe(200);
    write("istio/shop.yaml", istio);
  });

  it("of a ConfigMap rolls the workload out without a failed request", async () => {
    const answers: number[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) {
        answers.push(
          await get().then(
            ({ status }) => status,
            () => 0,
          ),
        );
        await sleep(5);
      }
    })();
    write("services/shop/web/k8s.yaml", k8s.replace("GREETING: hello", "GREETING: goodbye"));
    await eventually(async () => (await get()).body.includes("goodbye"));
    const running = async () => (await rows()).filter(({ workload }) => workload === "web");
    await eventually(async () => (await running()).length === 2 && (await running()).every(({ ready }) => ready));
    watching = false;
    await watch;
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    for (let n = 0; n < 10; n++) expect((await get()).body).toContain("goodbye");
  });
});

describe("a process that is killed", () => {
  it.each(["postgres", "nats", "envoy"])("comes back on its port: %s", async (name) => {
    const before = await rowOf(name);
    process.kill(before.pid, "SIGKILL");
    await eventually(async () => {
      const now = await rowOf(name);
      return now.ready && now.pid !== before.pid;
    });
    expect((await rowOf(name)).ports).toEqual(before.ports);
    await eventually(async () => (await get()).status === 200);
  });

  it("even if it is the mesh itself: the next up ends what was left and starts anew", async () => {
    const before = await rows();
    const daemon = JSON.parse(readFileSync(join(state, "daemon.json"), "utf8")) as { pid: number };
    process.kill(daemon.pid, "SIGKILL");
    expect((await mesh("status")).text).toContain("no mesh is running");
    const { code, text } = await up();
    expect(text).toContain("all ready");
    expect(code).toBe(0);
    expect(before.map(({ pid }) => startTimeOf(pid))).toEqual(before.map(() => undefined));
    await findGateway();
    expect((await get()).status).toBe(200);
  });
});

it("mesh down leaves no process", async () => {
  const before = await rows();
  expect(await mesh("down")).toEqual({ code: 0, text: "stopped\n" });
  expect(before.map(({ pid }) => startTimeOf(pid))).toEqual(before.map(() => undefined));
  expect((await mesh("down")).text).toBe("no mesh is running\n");
});
