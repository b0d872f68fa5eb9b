import type { KubeObject } from "../kube-object.ts";
import { loadText } from "../load.ts";
import { fieldAt, listAt, numberAt, textAt } from "./field.ts";

/** What the linter asks of the mesh's configuration: the ConfigMap `istio` in `istio-system`, key `mesh`. */
export interface MeshSettings {
  rootNamespace: string;
  /** Retries where a route writes none. Istio's own default is 2. */
  defaultAttempts: number;
  /** `retryOn` where a route writes none. */
  defaultRetryOn: string;
  hasAccessLogProvider: boolean;
  /** Names of the providers that send traces to Lightstep, which Istio gives up. */
  lightstepProviders: readonly string[];
  /** Sidecars answer DNS with addresses of their own for ServiceEntries that have none. */
  allocatesAddresses: boolean;
}

/** Istio's default retry policy. https://istio.io/latest/docs/concepts/traffic-management/#retries */
export const istioRetryOn = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

export function readMeshSettings(objects: readonly KubeObject[]): MeshSettings {
  const map = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio" && metadata.namespace === "istio-system",
  );
  const mesh = readYaml(textAt(map?.raw, "data", "mesh") ?? "");
  const retry = fieldAt(mesh, "defaultHttpRetryPolicy");
  return {
    rootNamespace: textAt(mesh, "rootNamespace") ?? "istio-system",
    defaultAttempts: retry === undefined ? 2 : (numberAt(retry, "attempts") ?? 0),
    defaultRetryOn: textAt(retry, "retryOn") ?? istioRetryOn,
    hasAccessLogProvider: listAt(mesh, "defaultProviders", "accessLogging").length > 0,
    lightstepProviders: listAt(mesh, "extensionProviders")
      .filter((provider) => fieldAt(provider, "lightstep") !== undefined)
      .flatMap((provider) => textAt(provider, "name") ?? []),
    allocatesAddresses: allocatesAddresses(fieldAt(mesh, "defaultConfig", "proxyMetadata")),
  };
}

function allocatesAddresses(metadata: unknown): boolean {
  const isOn = (name: string) => String(fieldAt(metadata, name)) === "true";
  if (!isOn("ISTIO_META_DNS_CAPTURE")) return false;
  return isOn("ISTIO_META_DNS_AUTO_ALLOCATE") || isOn("PILOT_ENABLE_IP_AUTOALLOCATE");
}

/** The loader reads objects; the mesh's configuration becomes one. */
function readYaml(text: string): unknown {
  const indented = text.replaceAll(/^/gm, "  ");
  const { objects } = loadText(
    `apiVersion: v1\nkind: MeshConfig\nmetadata: {name: mesh}\nspec:\n${indented}\n`,
    "mesh",
  );
  return objects[0]?.spec;
}
