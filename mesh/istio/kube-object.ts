import type { Source } from "./source.ts";

/** A Kubernetes object of any kind, as it stands in a file. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    /** `default` where the document names none, as with `kubectl apply`; empty for kinds without a namespace. */
    namespace: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  /** As in the file: nothing is known about its shape. */
  spec: unknown;
  /** The whole document. */
  raw: unknown;
  source: Source;
}

/** The API group of an object: `networking.istio.io` of `networking.istio.io/v1`, empty for Kubernetes' core. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The entries of a map of text, such as labels; empty when it is no map. */
export function textEntries(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}
