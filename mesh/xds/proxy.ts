/** An Envoy that configuration is made for: the sidecar of one replica, or a gateway's pod. */
export interface Proxy {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  ip: string;
  type: "sidecar" | "router";
  serviceAccount: string;
}

/** Whether a selector's labels are all there; an empty selector matches everything. */
export function labelsMatch(selector: Record<string, string>, labels: Record<string, string>): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}
