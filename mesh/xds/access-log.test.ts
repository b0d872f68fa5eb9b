import { describe, expect, it } from "vitest";
import type { ProxyConfiguration } from "./compile.ts";
import { type JsonObject, objectAt, objectsAt } from "./json.ts";
import { shops, world } from "./testing/world.ts";

const meshConfig = (fields: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: '${fields}'}`;

function telemetry(spec: string, { name = "t", namespace = "siren" } = {}): string {
  return `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

/** Where the HTTP listeners of one side log to. */
function paths({ listeners }: ProxyConfiguration, direction: "OUTBOUND" | "INBOUND"): string[] {
  return [
    ...new Set(
      logs(listeners.filter((one) => one["traffic_direction"] === direction)).map((log) =>
        String(objectAt(log, "typed_config")["path"]),
      ),
    ),
  ];
}

function logs(listeners: JsonObject[]): JsonObject[] {
  const filters = listeners
    .flatMap((listener) => objectsAt(listener, "filter_chains"))
    .flatMap((chain) => objectsAt(chain, "filters"));
  return filters.flatMap((filter) => objectsAt(objectAt(filter, "typed_config"), "access_log"));
}

const envoy = "accessLogging: [{providers: [{name: envoy}]}]";

describe("access logs", () => {
  it("are off when nobody asks for them", () => {
    expect(logs(world(shops).sidecar("siren/order").listeners)).toEqual([]);
  });

  it("go where the mesh configuration says, in Istio's format", () => {
    const made = world(shops, meshConfig("accessLogFile: /dev/stdout")).sidecar("siren/order");
    expect(paths(made, "OUTBOUND")).toEqual(["/dev/stdout"]);
    const format = objectAt(objectAt(logs(made.listeners)[0] ?? {}, "typed_config"), "log_format");
    const line = String(objectAt(format, "text_format_source")["inline_string"]);
    expect(line).toMatch(
      /^\[%START_TIME%] "%REQ\(:METHOD\)% %REQ\(X-ENVOY-ORIGINAL-PATH\?:PATH\)% %PROTOCOL%" %RESPONSE_CODE% .* %ROUTE_NAME%\n$/,
    );
  });

  it("are JSON, or in a format of one's own, when the mesh configuration says so", () => {
    const made = world(shops, meshConfig("{accessLogFile: /x, accessLogEncoding: JSON}")).sidecar("siren/order");
    expect(JSON.stringify(logs(made.listeners)[0])).toContain('"response_code":"%RESPONSE_CODE%"');
    const own = world(shops, meshConfig("{accessLogFile: /x, accessLogFormat: hello}")).sidecar("siren/order");
    expect(JSON.stringify(logs(own.listeners)[0])).toContain('"inline_string":"hello\\n"');
  });

  it("tell of connections that no chain took, on the listeners that everything is redirected to", () => {
    const { listeners } = world(shops, meshConfig("accessLogFile: /dev/stdout")).sidecar("siren/order");
    const own = listeners.filter((listener) => listener["access_log"]).map(({ name }) => name);
    expect(own).toEqual(["virtualOutbound", "virtualInbound"]);
  });

  it("follow the Telemetry of the workload before the namespace's, and that before the mesh's", () => {
    const providers = meshConfig(
      "extensionProviders: [{name: a, envoyFileAccessLog: {path: /a}}, {name: b, envoyFileAccessLog: {path: /b}}, {name: c, envoyFileAccessLog: {path: /c}}]",
    );
    const to = (name: string): string => `accessLogging: [{providers: [{name: ${name}}]}]`;
    const w = world(
      shops,
      providers,
      telemetry(`{${to("a")}}`, { namespace: "istio-system" }),
      telemetry(`{${to("b")}}`),
      telemetry(`{selector: {matchLabels: {app: order}}, ${to("c")}}`, { name: "w" }),
    );
    expect(paths(w.sidecar("mall/pay"), "OUTBOUND")).toEqual(["/a"]);
    expect(paths(w.sidecar("siren/report"), "OUTBOUND")).toEqual(["/b"]);
    expect(paths(w.sidecar("siren/order"), "OUTBOUND")).toEqual(["/c"]);
  });

  it("can be for one side of a call, filtered, and switched off", () => {
    const server =
      "accessLogging: [{match: {mode: SERVER}, providers: [{name: envoy}], filter: {expression: response.code >= 500}}]";
    const made = world(shops, telemetry(`{${server}}`)).sidecar("siren/order");
    expect(paths(made, "OUTBOUND")).toEqual([]);
    expect(paths(made, "INBOUND")).toEqual(["/dev/stdout"]);
    expect(JSON.stringify(logs(made.listeners)[0])).toContain('"expression":"response.code >= 500"');
    const off = world(
      shops,
      telemetry(`{${envoy}}`, { namespace: "istio-system" }),
      telemetry("{accessLogging: [{disabled: true}]}"),
    );
    expect(paths(off.sidecar("siren/order"), "OUTBOUND")).toEqual([]);
    expect(paths(off.sidecar("mall/pay"), "OUTBOUND")).toEqual(["/dev/stdout"]);
  });

  it("say so where a Telemetry asks for more than logs", () => {
    const w = world(shops, telemetry("{tracing: [{randomSamplingPercentage: 5}]}"));
    expect(w.findings).toMatchObject([{ code: "M900", path: "spec.tracing" }]);
  });
});
