import type { Place } from "../place.ts";
import type { FieldType } from "../schema/types.ts";
import * as authorizationPolicy from "./authorization-policy/schema.ts";
import { validate as validateAuthorizationPolicy } from "./authorization-policy/validate.ts";
import * as destinationRule from "./destination-rule/schema.ts";
import { validate as validateDestinationRule } from "./destination-rule/validate.ts";
import * as envoyFilter from "./envoy-filter/schema.ts";
import { validate as validateEnvoyFilter } from "./envoy-filter/validate.ts";
import * as gateway from "./gateway/schema.ts";
import { validate as validateGateway } from "./gateway/validate.ts";
import * as peerAuthentication from "./peer-authentication/schema.ts";
import { validate as validatePeerAuthentication } from "./peer-authentication/validate.ts";
import * as proxyConfig from "./proxy-config/schema.ts";
import { validate as validateProxyConfig } from "./proxy-config/validate.ts";
import * as requestAuthentication from "./request-authentication/schema.ts";
import { validate as validateRequestAuthentication } from "./request-authentication/validate.ts";
import * as serviceEntry from "./service-entry/schema.ts";
import { validate as validateServiceEntry } from "./service-entry/validate.ts";
import * as sidecar from "./sidecar/schema.ts";
import { validate as validateSidecar } from "./sidecar/validate.ts";
import * as telemetry from "./telemetry/schema.ts";
import { validate as validateTelemetry } from "./telemetry/validate.ts";
import * as virtualService from "./virtual-service/schema.ts";
import { validate as validateVirtualService } from "./virtual-service/validate.ts";
import * as wasmPlugin from "./wasm-plugin/schema.ts";
import { validate as validateWasmPlugin } from "./wasm-plugin/validate.ts";
import * as workloadEntry from "./workload-entry/schema.ts";
import { validate as validateWorkloadEntry } from "./workload-entry/validate.ts";
import * as workloadGroup from "./workload-group/schema.ts";
import { validate as validateWorkloadGroup } from "./workload-group/validate.ts";

/** The specs of Istio's kinds, as `decode` reads them. */
export interface Specs {
  AuthorizationPolicy: authorizationPolicy.AuthorizationPolicy;
  DestinationRule: destinationRule.DestinationRule;
  EnvoyFilter: envoyFilter.EnvoyFilter;
  Gateway: gateway.Gateway;
  PeerAuthentication: peerAuthentication.PeerAuthentication;
  ProxyConfig: proxyConfig.ProxyConfig;
  RequestAuthentication: requestAuthentication.RequestAuthentication;
  ServiceEntry: serviceEntry.ServiceEntry;
  Sidecar: sidecar.Sidecar;
  Telemetry: telemetry.Telemetry;
  VirtualService: virtualService.VirtualService;
  WasmPlugin: wasmPlugin.WasmPlugin;
  WorkloadEntry: workloadEntry.WorkloadEntry;
  WorkloadGroup: workloadGroup.WorkloadGroup;
}

export type KindName = keyof Specs;

interface Kind<T> {
  group: string;
  versions: readonly string[];
  schema: FieldType;
  validate(spec: T, place: Place): void;
}

const networking = { group: "networking.istio.io", versions: ["v1", "v1beta1", "v1alpha3"] };
const security = { group: "security.istio.io", versions: ["v1", "v1beta1"] };

export const kinds: { readonly [K in KindName]: Kind<Specs[K]> } = {
  AuthorizationPolicy: { ...security, schema: authorizationPolicy.schema, validate: validateAuthorizationPolicy },
  DestinationRule: { ...networking, schema: destinationRule.schema, validate: validateDestinationRule },
  EnvoyFilter: {
    group: networking.group,
    versions: ["v1alpha3"],
    schema: envoyFilter.schema,
    validate: validateEnvoyFilter,
  },
  Gateway: { ...networking, schema: gateway.schema, validate: validateGateway },
  PeerAuthentication: { ...security, schema: peerAuthentication.schema, validate: validatePeerAuthentication },
  ProxyConfig: {
    group: networking.group,
    versions: ["v1beta1"],
    schema: proxyConfig.schema,
    validate: validateProxyConfig,
  },
  RequestAuthentication: { ...security, schema: requestAuthentication.schema, validate: validateRequestAuthentication },
  ServiceEntry: { ...networking, schema: serviceEntry.schema, validate: validateServiceEntry },
  Sidecar: { ...networking, schema: sidecar.schema, validate: validateSidecar },
  Telemetry: {
    group: "telemetry.istio.io",
    versions: ["v1", "v1alpha1"],
    schema: telemetry.schema,
    validate: validateTelemetry,
  },
  VirtualService: { ...networking, schema: virtualService.schema, validate: validateVirtualService },
  WasmPlugin: {
    group: "extensions.istio.io",
    versions: ["v1alpha1"],
    schema: wasmPlugin.schema,
    validate: validateWasmPlugin,
  },
  WorkloadEntry: { ...networking, schema: workloadEntry.schema, validate: validateWorkloadEntry },
  WorkloadGroup: { ...networking, schema: workloadGroup.schema, validate: validateWorkloadGroup },
};

export function isKind(name: string): name is KindName {
  return Object.hasOwn(kinds, name);
}
