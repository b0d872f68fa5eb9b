import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { readDocument } from "#mesh/istio/yaml.ts";
import { callHeader } from "./send-calls.ts";
import { at, madeUpObject } from "./world.ts";

const format = `%REQ(${callHeader})% %RESPONSE_FLAGS% %UPSTREAM_CLUSTER_RAW%\n`;
/** Envoy writes its logs every 100 ms; a busy machine may need longer. */
const patienceMs = 3_000;

/** The objects with a mesh configuration that logs every request to a file, in the form that `readFlags` reads. */
export function withAccessLog(objects: readonly KubeObject[], file: string): KubeObject[] {
  const isMesh = ({ kind, metadata }: KubeObject) =>
    kind === "ConfigMap" && metadata.name === "istio" && metadata.namespace === "istio-system";
  const current = objects.find(isMesh);
  const text = at(current?.raw, "data", "mesh");
  const { value } = readDocument({
    file: "mesh",
    text: typeof text === "string" ? text : "{}",
    start: { line: 1, column: 1 },
  });
  const logging = { accessLogFile: file, accessLogFormat: format, accessLogEncoding: "TEXT" };
  const mesh = JSON.stringify({ ...(isRecord(value) ? value : {}), ...logging });
  const changed = madeUpObject({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: { mesh },
  });
  return [...objects.filter((object) => !isMesh(object)), changed];
}

/** The response flags that the caller's own proxy logged for calls, by call. Waits until each is there, for a while. */
export async function readFlags(file: string, ids: readonly string[]): Promise<Map<string, string[]>> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const flags = parse(existsSync(file) ? readFileSync(file, "utf8") : "");
    if (ids.every((id) => flags.has(id)) || performance.now() > giveUpAt) return flags;
    await sleep(30);
  }
}

/** The callee's sidecar logs the same call: its cluster is an inbound one. */
function parse(text: string): Map<string, string[]> {
  const flags = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [id, flag, cluster] = line.split(" ");
    if (id && flag && !cluster?.includes("inbound|")) flags.set(id, flag.split(","));
  }
  return flags;
}
