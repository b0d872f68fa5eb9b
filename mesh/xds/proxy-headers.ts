import type { MeshSettings } from "./settings.ts";

/** Which headers proxies add and change, from the mesh configuration's `defaultConfig.proxyHeaders`. */
export interface ProxyHeaderSettings {
  attemptCount: boolean;
  forwardedHost: boolean;
  forwardedPort: boolean;
  /** The `server` header of answers; undefined for Envoy's own way. */
  serverName: string | undefined;
  passServerHeader: boolean;
  generateRequestId: boolean | undefined;
  suppressDebugHeaders: boolean;
}

export function proxyHeaderSettings(
  settings: MeshSettings,
  direction: "outbound" | "inbound" | "gateway",
): ProxyHeaderSettings {
  const headers = settings.fields.defaultConfig?.proxyHeaders ?? {};
  const { server } = headers;
  const named = direction === "outbound" ? undefined : "istio-envoy";
  return {
    attemptCount: !headers.attemptCount?.disabled,
    forwardedHost: headers.xForwardedHost?.enabled ?? false,
    forwardedPort: headers.xForwardedPort?.enabled ?? false,
    serverName: server?.disabled ? undefined : server?.value || named,
    passServerHeader: server?.disabled ?? false,
    generateRequestId: headers.requestId?.disabled ? false : undefined,
    suppressDebugHeaders: headers.envoyDebugHeaders?.disabled ?? false,
  };
}
