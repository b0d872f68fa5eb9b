import { loadText } from "../../load.ts";
import { Report } from "../place.ts";
import { decode } from "../schema/decode.ts";
import { second } from "../schema/duration.ts";
import { any, bool, double, duration, type Infer, int32, list, map, message, oneOf, string } from "../schema/types.ts";
import type { ValueProblem } from "./annotation-values.ts";

/** Istio leaves out fields that it does not know, as those of a later release. */
const open = { onUnknown: () => undefined };

/** The fields of ProxyConfig that are written by hand. https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig */
const schema = message(
  {
    concurrency: int32,
    discoveryAddress: string,
    drainDuration: duration,
    terminationDrainDuration: duration,
    extraStatTags: list(string),
    holdApplicationUntilProxyStarts: bool,
    interceptionMode: oneOf("REDIRECT", "TPROXY", "NONE"),
    proxyAdminPort: int32,
    statusPort: int32,
    proxyMetadata: map(string),
    runtimeValues: map(string),
    proxyStatsMatcher: message(
      { inclusionPrefixes: list(string), inclusionSuffixes: list(string), inclusionRegexps: list(string) },
      open,
    ),
    statsCompression: bool,
    tracing: message({ sampling: double, customTags: any, maxPathTagLength: any, enableIstioTags: bool }, open),
  },
  open,
);

/** What Istio's injector finds wrong with the annotation `proxy.istio.io/config`: YAML of a ProxyConfig. */
export function proxyConfigProblem(text: string): ValueProblem | undefined {
  const indented = text.replaceAll(/^/gm, "  ");
  const { objects, findings } = loadText(
    `apiVersion: v1\nkind: ProxyConfig\nmetadata: {name: it}\nspec:\n${indented}\n`,
    "annotation",
  );
  const [object] = objects;
  const [unreadable] = findings.filter(({ severity }) => severity === "error");
  if (unreadable || !object)
    return { reason: unreadable?.message ?? "it is not YAML", hint: "write YAML of a ProxyConfig" };
  const report = new Report();
  const config = decode(schema, object.spec, report.at(object)) ?? {};
  const refused = report.reported.find(({ finding }) => finding.code === "IST0106")?.finding;
  if (!refused) return limitProblem(config);
  const reason = refused.message.replace("istiod refuses this object: ", "");
  return { reason: refused.path ? `${refused.path}: ${reason}` : reason, hint: refused.hint };
}

function limitProblem(config: Infer<typeof schema>): ValueProblem | undefined {
  for (const field of ["statusPort", "proxyAdminPort"] as const) {
    const port = config[field];
    if (port === undefined || (port >= 1 && port <= 65_535)) continue;
    return { reason: `${field}: ${port} is not a port`, hint: "write a number from 1 to 65535" };
  }
  const { drainDuration, discoveryAddress } = config;
  if (drainDuration !== undefined && (drainDuration < second || drainDuration % second !== 0)) {
    return { reason: "drainDuration: it counts in whole seconds, from 1s on", hint: "write such as 45s" };
  }
  if (discoveryAddress !== undefined && !/^[^:]+:\d+$|^\[.+\]:\d+$/.test(discoveryAddress)) {
    return { reason: `discoveryAddress: "${discoveryAddress}" has no port`, hint: "write host:port" };
  }
  return undefined;
}
