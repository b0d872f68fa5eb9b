import { expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { expandVariables, resolveVariables } from "./environment.ts";
import { databasesOf, localizeEnvironment } from "./local-names.ts";
import type { EnvVariable, Workload } from "./workload.ts";

const { objects } = loadText(
  `apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: siren }
data: { NS: siren, NATS_URL: "nats://nats.nats.svc.cluster.local:4222" }
---
apiVersion: v1
kind: Secret
metadata: { name: declared, namespace: siren }
data: { a: aGVsbG8= }
stringData: { b: plain }
`,
  "k8s.yaml",
);

function workload(env: EnvVariable[]): Workload {
  return {
    system: "siren",
    namespace: "siren",
    name: "order",
    file: "",
    folder: "",
    replicas: 1,
    strategy: { type: "Recreate" },
    minReadySeconds: 0,
    labels: { app: "order" },
    serviceAccount: "order-account",
    terminationGracePeriodSeconds: 30,
    container: {
      name: "order",
      image: "",
      command: [],
      args: [],
      env,
      ports: [],
      mounts: [],
      probes: {},
      cpuRequest: 0.25,
    },
    run: { type: "command", command: "true" },
  };
}

function environmentOf(env: EnvVariable[]): Record<string, string> {
  const of = workload(env);
  const variables = resolveVariables(of, objects, (namespace, name, key) => `${namespace}-${name}-${key}`);
  return expandVariables(variables, { name: "order-1", ip: "127.9.0.1", workload: of });
}

const value = (name: string, text: string): EnvVariable => ({ from: "value", name, value: text });

it("fills in ConfigMaps, Secrets, fields and resources", () => {
  const one = { optional: false };
  expect(
    environmentOf([
      { from: "allOfConfigMap", object: "config", prefix: "C_", optional: false },
      { from: "secret", name: "A", object: "declared", key: "a", ...one },
      { from: "secret", name: "B", object: "declared", key: "b", ...one },
      { from: "secret", name: "MADE", object: "postgres", key: "password", ...one },
      { from: "configMap", name: "ABSENT", object: "config", key: "nothing", optional: true },
      { from: "field", name: "POD", fieldPath: "metadata.name" },
      { from: "field", name: "APP", fieldPath: "metadata.labels['app']" },
      { from: "field", name: "ACCOUNT", fieldPath: "spec.serviceAccountName" },
      { from: "resource", name: "CPUS", resource: "requests.cpu" },
    ]),
  ).toEqual({
    C_NS: "siren",
    C_NATS_URL: "nats://nats.nats.svc.cluster.local:4222",
    A: "hello",
    B: "plain",
    MADE: "siren-postgres-password",
    POD: "order-1",
    APP: "order",
    ACCOUNT: "order-account",
    CPUS: "1",
  });
});

it("expands earlier variables and leaves what it does not know", () => {
  expect(environmentOf([value("A", "1"), value("B", "$(A)-$(LATER)-$$(A)-$A"), value("LATER", "x")])).toEqual({
    A: "1",
    B: "1-$(LATER)-$(A)-$A",
    LATER: "x",
  });
});

it("says which ConfigMap or key is missing", () => {
  const absent: EnvVariable = { from: "configMap", name: "A", object: "config", key: "no", optional: false };
  expect(() => environmentOf([absent])).toThrow("siren/order refers to config, key no, which does not exist");
});

const servers = {
  postgresUrl: (name: string) => `postgres://u:p@127.0.0.1:7000/${name}`,
  postgresPort: 7000,
  natsPort: 7001,
};

it.each([
  [
    "postgresql://postgres:secret@postgres.postgres.svc.cluster.local:5432/siren_order",
    "postgres://u:p@127.0.0.1:7000/siren_order",
  ],
  ["postgres://postgres.postgres:5432/a?sslmode=disable", "postgres://u:p@127.0.0.1:7000/a?sslmode=disable"],
  ["postgres.postgres.svc:5432", "127.0.0.1:7000"],
  ["nats://nats.nats.svc.cluster.local:4222", "nats://127.0.0.1:7001"],
  ["nats://nats.nats:4222,nats://nats.nats.svc:4222", "nats://127.0.0.1:7001,nats://127.0.0.1:7001"],
  ["http://product.siren:50051", "http://product.siren:50051"],
  ["my-nats.nats:4222", "my-nats.nats:4222"],
])("%s is %s on the laptop", (cluster, local) => {
  expect(localizeEnvironment({ A: cluster }, servers)).toEqual({ A: local });
});

it("leaves a collector of the cluster out and names the databases", () => {
  expect(localizeEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel.observability.svc:4318" }, servers)).toEqual(
    {},
  );
  expect(databasesOf({ A: "postgresql://x@postgres.postgres:5432/one", B: "postgres://elsewhere/two" })).toEqual([
    "one",
  ]);
});
