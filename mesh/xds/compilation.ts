import type { Finding } from "#mesh/istio/finding.ts";
import type { Mesh } from "./mesh.ts";
import type { Proxy } from "./proxy.ts";
import type { ProxyHeaderSettings } from "./proxy-headers.ts";
import type { Scope } from "./sidecar-scope.ts";

export interface CompileOptions {
  /**
   * How the explicit proxy's routes are made. `istiod`: as istiod does, where a destination without a port means port 0 of a
   * service with several ports. `per-port`: as the same application's sidecar would route it on each port; for the laptop.
   */
  httpProxy: "istiod" | "per-port";
}

/** One proxy's configuration in the making. */
export interface Compilation {
  mesh: Mesh;
  proxy: Proxy;
  scope: Scope;
  headers: ProxyHeaderSettings;
  options: CompileOptions;
  findings: Finding[];
}
