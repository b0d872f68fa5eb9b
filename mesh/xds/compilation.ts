import type { Finding } from "#mesh/istio/finding.ts";
import type { Mesh } from "./mesh.ts";
import type { Proxy } from "./proxy.ts";
import type { ProxyHeaderSettings } from "./proxy-headers.ts";
import type { Scope } from "./sidecar-scope.ts";

/** One proxy's configuration in the making. */
export interface Compilation {
  mesh: Mesh;
  proxy: Proxy;
  scope: Scope;
  headers: ProxyHeaderSettings;
  findings: Finding[];
}
