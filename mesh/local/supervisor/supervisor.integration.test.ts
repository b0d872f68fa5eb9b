import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { Addresses } from "../daemon/addresses.ts";
import { Bundler } from "../daemon/bundler.ts";
import { Ports } from "../daemon/ports.ts";
import { Secrets } from "../daemon/secrets.ts";
import { makeState, stateAt } from "../daemon/state.ts";
import { readWorkloads } from "../workloads/read-workloads.ts";
import { ProcessRecords } from "./process-records.ts";
import { membersOf, startTimeOf } from "./process-table.ts";
import type { Replica } from "./replica.ts";
import { Supervisor } from "./supervisor.ts";
import { makeTemplate } from "./template.ts";

const server = join(import.meta.dirname, "..", "testdata", "server.mjs");

/** Of probes that are answered: the machine may be slow. */
const patient = "timeoutSeconds: 60";

interface Options {
  replicas?: number;
  graceSeconds?: number;
  run?: string;
  env?: Record<string, string>;
  probes?: string;
  more?: string;
}

function deployment(options: Options = {}): string {
  const env = Object.entries(options.env ?? {}).map(([name, value]) => `{ name: ${name}, value: "${value}" }`);
  const probes = `readinessProbe: { httpGet: { path: /readyz, port: 80 }, periodSeconds: 1, ${patient} }`;
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: test, annotations: { mainsheet.dev/run: '${options.run ?? `exec ${process.execPath} ${server}`}' } }
spec:
  replicas: ${options.replicas ?? 1}
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: ${options.graceSeconds ?? 60}
      containers:
        - name: shop
          image: shop
          ports: [{ containerPort: 80 }]
          env: [${env.join(", ")}]
          ${options.probes ?? probes}
          ${options.more ?? ""}
`;
}

async function startMesh() {
  const folder = mkdtempSync(join(tmpdir(), "mesh-sup-"));
  const state = stateAt(folder);
  makeState(state);
  const notes: string[] = [];
  const records = new ProcessRecords(state.processes, state.root);
  const addresses = await Addresses.claim(state.id);
  const unrouted: string[] = [];
  const supervisor = new Supervisor({
    state,
    records,
    addresses,
    onChange: () => observe(),
    note: (text) => notes.push(text),
    untilUnrouted: async (replica) => void unrouted.push(replica.pod.name),
  });
  let fewest = Number.POSITIVE_INFINITY;
  let most = 0;
  const observe = () => {
    const ready = supervisor.replicas.filter((replica) => replica.ready).length;
    fewest = Math.min(fewest, ready);
    most = Math.max(most, supervisor.replicas.filter((replica) => !replica.terminating).length);
  };
  const around = {
    state,
    bundler: new Bundler(folder, state.bundles),
    secrets: new Secrets(state.secrets),
    ports: new Ports(state.id),
    servers: async () => ({
      postgresUrl: (name: string) => name,
      postgresPort: 1,
      natsPort: 2,
      createDatabase: async () => {},
    }),
  };
  return {
    supervisor,
    notes,
    unrouted,
    state,
    records,
    watchFromNow() {
      fewest = Number.POSITIVE_INFINITY;
      most = 0;
      observe();
    },
    seen: () => ({ fewest, most }),
    async put(options: Options = {}, generation = 0) {
      const { objects } = loadText(deployment(options), join(folder, "k8s.yaml"));
      const { workloads, findings } = readWorkloads(objects);
      expect(findings).toEqual([]);
      for (const workload of workloads) supervisor.put(await makeTemplate(workload, { objects, generation }, around));
    },
    settled: () => until(() => [...supervisor.controllers.values()].every((controller) => controller.settled)),
    only(): Replica {
      const [replica] = supervisor.replicas;
      if (!replica) throw new Error("no replica");
      return replica;
    },
    async close() {
      await supervisor.close();
      await addresses.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function until(condition: () => boolean, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !condition(); await sleep(10))
    if (Date.now() > end) throw new Error("never happened");
}

async function ask(replica: Replica, path = "/"): Promise<{ pod: string; greeting?: string }> {
  const target = replica.ports[0]?.target;
  if (!target || !("port" in target)) throw new Error("no port");
  return (await (await fetch(`http://127.0.0.1:${target.port}${path}`)).json()) as { pod: string; greeting?: string };
}

let mesh: Awaited<ReturnType<typeof startMesh>>;

afterEach(async () => {
  await mesh.close();
});

describe("a workload", () => {
  it("starts as its k8s.yaml says and ends in good order", async () => {
    mesh = await startMesh();
    await mesh.put({ replicas: 2, env: { GREETING: "$(POD)", POD: "x" } });
    await mesh.settled();
    const [one, two] = mesh.supervisor.replicas;
    if (!one || !two) throw new Error("two replicas expected");
    expect((await ask(one)).pod).toBe(one.pod.name);
    expect(one.pod.ip).not.toBe(two.pod.ip);
    const pids = [one.pid, two.pid];
    const log = join(mesh.state.logs, "test", "shop", `${one.pod.name}.log`);
    await mesh.supervisor.close();
    expect(readFileSync(log, "utf8")).toContain("ended in good order");
    expect(pids.map(startTimeOf)).toEqual([undefined, undefined]);
    expect(readdirSync(mesh.state.processes)).toEqual([]);
  });

  it("is started again at once when it is killed, then waits", async () => {
    mesh = await startMesh();
    await mesh.put();
    await mesh.settled();
    const replica = mesh.only();
    const first = replica.pid;
    process.kill(first, "SIGKILL");
    await until(() => replica.restarts === 1 && replica.ready);
    expect(replica.pid).not.toBe(first);
    expect(mesh.notes.join()).toContain("ended by SIGKILL");
    process.kill(replica.pid, "SIGKILL");
    await until(() => replica.state === "CrashLoopBackOff");
    expect(replica.ready).toBe(false);
  });

  it("is started again when its liveness probe fails", async () => {
    mesh = await startMesh();
    const live = `livenessProbe: { httpGet: { path: /livez, port: 80 }, periodSeconds: 1, failureThreshold: 2, ${patient} }`;
    const ready = `readinessProbe: { httpGet: { path: /readyz, port: 80 }, ${patient} }`;
    // On a slow machine it takes longer to start than two failures of the other.
    const startup = `startupProbe: { httpGet: { path: /readyz, port: 80 }, failureThreshold: 60, ${patient} }`;
    await mesh.put({ probes: `${live}\n          ${startup}`, more: ready });
    await mesh.settled();
    const replica = mesh.only();
    await ask(replica, "/break?what=live");
    await until(() => replica.restarts === 1 && replica.ready);
    expect(mesh.notes.join()).toContain("liveness probe failed: answers 503");
  });

  it("leaves the endpoints while its readiness probe fails, and comes back", async () => {
    mesh = await startMesh();
    const ready = `readinessProbe: { httpGet: { path: /readyz, port: 80 }, periodSeconds: 1, failureThreshold: 1, ${patient} }`;
    await mesh.put({ probes: ready });
    await mesh.settled();
    const replica = mesh.only();
    await ask(replica, "/break?what=ready");
    await until(() => !replica.ready);
    expect(replica.reason).toBe("readiness probe failed: answers 503");
    await ask(replica, "/mend");
    await until(() => replica.ready);
    expect(replica.restarts).toBe(0);
  });

  it("is restarted when its startup probe never succeeds", async () => {
    mesh = await startMesh();
    const startup = `startupProbe: { httpGet: { path: /readyz, port: 80 }, periodSeconds: 1, failureThreshold: 1, ${patient} }`;
    await mesh.put({ probes: startup, env: { START_MS: "60000" } });
    await until(() => mesh.supervisor.replicas.some((replica) => replica.restarts === 1));
    expect(mesh.notes.join()).toMatch(/startup probe failed: connect ECONNREFUSED/);
  });

  it("is killed and started again above its memory limit", async () => {
    mesh = await startMesh();
    await mesh.put({ more: "resources: { limits: { memory: 150Mi } }" });
    await mesh.settled();
    await ask(mesh.only(), "/eat?mb=200");
    await until(() => mesh.notes.some((note) => note.includes("OOMKilled")));
    await mesh.settled();
  });
});

describe("a rollout", () => {
  it("never has fewer ready replicas than wanted nor more than one above", async () => {
    mesh = await startMesh();
    await mesh.put({ replicas: 2, env: { GREETING: "old" } });
    await mesh.settled();
    mesh.watchFromNow();
    const old = mesh.supervisor.replicas.map((replica) => replica.pod.name);
    await mesh.put({ replicas: 2, env: { GREETING: "new" } });
    await mesh.settled();
    expect(mesh.seen()).toEqual({ fewest: 2, most: 3 });
    for (const replica of mesh.supervisor.replicas) expect((await ask(replica)).greeting).toBe("new");
    expect(mesh.unrouted.toSorted()).toEqual(old.toSorted());
  });

  it("keeps the old replicas when the new ones do not become ready", async () => {
    mesh = await startMesh();
    await mesh.put({ env: { GREETING: "old" } });
    await mesh.settled();
    const old = mesh.only();
    await mesh.put({ env: { GREETING: "new" }, run: "exit 1" });
    await until(() => mesh.supervisor.replicas.some((replica) => replica.state === "CrashLoopBackOff"));
    expect(old.ready).toBe(true);
    await mesh.put({ env: { GREETING: "mended" } });
    await mesh.settled();
    expect((await ask(mesh.only())).greeting).toBe("mended");
  });

  it("follows scale, stop and start", async () => {
    mesh = await startMesh();
    await mesh.put();
    await mesh.settled();
    const controller = mesh.supervisor.controllers.get("test/shop");
    controller?.scale(3);
    await mesh.settled();
    expect(mesh.supervisor.replicas).toHaveLength(3);
    controller?.stop();
    await mesh.settled();
    expect(mesh.supervisor.replicas).toHaveLength(0);
    controller?.start();
    await mesh.settled();
    expect(mesh.supervisor.replicas).toHaveLength(3);
  });
});

describe("processes", () => {
  it("end with the children they started, and with SIGKILL when they do not listen", async () => {
    mesh = await startMesh();
    await mesh.put({ graceSeconds: 1, env: { STUBBORN: "1" }, run: `sleep 300 & exec ${process.execPath} ${server}` });
    await mesh.settled();
    const { pid } = mesh.only();
    expect(membersOf(pid)).toHaveLength(2);
    await mesh.supervisor.close();
    await until(() => membersOf(pid).length === 0);
  });

  it("of a mesh that was killed are found and ended", async () => {
    mesh = await startMesh();
    await mesh.put({ run: `sleep 300 & exec ${process.execPath} ${server}` });
    await mesh.settled();
    const { pid } = mesh.only();
    const cleared = await new ProcessRecords(mesh.state.processes, mesh.state.root).clear(2_000);
    expect(cleared).toEqual(["test/shop"]);
    expect(membersOf(pid)).toEqual([]);
  });
});
