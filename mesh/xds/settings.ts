import { codes, type Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { type MeshConfigFields, meshConfig } from "#mesh/istio/mesh-config.ts";
import { readPart } from "#mesh/istio/resource.ts";
import { Source } from "#mesh/istio/source.ts";
import { readDocument } from "#mesh/istio/yaml.ts";

/** The mesh configuration, with the defaults of Istio 1.29 for what is not written. */
export interface MeshSettings {
  rootNamespace: string;
  trustDomain: string;
  trustDomainAliases: string[];
  allowAnyOutbound: boolean;
  /** Whether the process behind a sidecar is reached on 127.0.0.1, and not on the pod's address. */
  inboundOnLocalhost: boolean;
  connectTimeoutMs: number;
  dnsRefreshRateMs: number;
  protocolDetectionTimeoutMs: number;
  autoMtls: boolean;
  h2Upgrade: boolean;
  /** Whether HTTP/1 headers keep their capitals. */
  preservesHeaderCase: boolean;
  outboundPort: number;
  inboundPort: number;
  /** The port of the explicit HTTP proxy that a sidecar offers to its process; 0 for none. */
  httpProxyPort: number;
  serviceExportTo: ReadonlySet<string>;
  virtualServiceExportTo: ReadonlySet<string>;
  destinationRuleExportTo: ReadonlySet<string>;
  /** As written, for everything that has no default of its own. */
  fields: MeshConfigFields;
}

/** Reads the ConfigMap `istio`; an input without one has Istio's defaults. */
export function readSettings(configMaps: KubeObject[], findings: Finding[]): MeshSettings {
  const object = configMaps.find(({ metadata }) => metadata.name === "istio" && metadata.namespace === "istio-system");
  return withDefaults(object ? readFields(object, findings) : {});
}

function withDefaults(fields: MeshConfigFields): MeshSettings {
  return {
    rootNamespace: fields.rootNamespace || "istio-system",
    trustDomain: fields.trustDomain || "cluster.local",
    trustDomainAliases: [...new Set(fields.trustDomainAliases)].sort(),
    allowAnyOutbound: allowsAny(fields.outboundTrafficPolicy),
    inboundOnLocalhost: fields.inboundTrafficPolicy?.mode === "LOCALHOST",
    connectTimeoutMs: fields.connectTimeout ?? 10_000,
    dnsRefreshRateMs: fields.dnsRefreshRate ?? 60_000,
    protocolDetectionTimeoutMs: fields.protocolDetectionTimeout ?? 0,
    autoMtls: fields.enableAutoMtls ?? true,
    h2Upgrade: fields.h2UpgradePolicy === "UPGRADE",
    preservesHeaderCase: fields.defaultConfig?.proxyHeaders?.preserveHttp1HeaderCase ?? false,
    outboundPort: fields.proxyListenPort || 15001,
    inboundPort: fields.proxyInboundListenPort || 15006,
    httpProxyPort: fields.proxyHttpPort ?? 0,
    serviceExportTo: new Set(fields.defaultServiceExportTo ?? ["*"]),
    virtualServiceExportTo: new Set(fields.defaultVirtualServiceExportTo ?? ["*"]),
    destinationRuleExportTo: new Set(fields.defaultDestinationRuleExportTo ?? ["*"]),
    fields,
  };
}

/** REGISTRY_ONLY is the first value of its enum: what a policy without a mode stands for. Without a policy everything may go out. */
function allowsAny(policy: MeshConfigFields["outboundTrafficPolicy"]): boolean {
  return !policy || policy.mode === "ALLOW_ANY";
}

/** The key `mesh` holds YAML of its own: findings in it carry the line of the ConfigMap's file. */
function readFields(object: KubeObject, findings: Finding[]): MeshConfigFields {
  const data = isRecord(object.raw) ? object.raw["data"] : undefined;
  const text = isRecord(data) ? data["mesh"] : undefined;
  if (typeof text !== "string") return {};
  const { line } = object.source.locate(["data", "mesh"]);
  const document = { file: object.source.file, text, start: { line: line + 1, column: 1 } };
  const { value, errors } = readDocument(document);
  for (const { at, message, hint } of errors) {
    findings.push({ ...codes.unreadable, file: document.file, ...at, path: "data.mesh", message, hint });
  }
  const inner: KubeObject = { ...object, raw: value, source: new Source(document) };
  return readPart(inner, [], { shape: meshConfig, findings }) ?? {};
}
