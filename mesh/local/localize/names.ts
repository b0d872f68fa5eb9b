// Every name that the laptop's Envoy uses and istiod does not is made here.

/** `order-1.siren`: what all names of one proxy start with, before a slash. */
export function proxyKey(proxy: { readonly name: string; readonly namespace: string }): string {
  return `${proxy.name}.${proxy.namespace}`;
}

export function scoped(key: string, name: string): string {
  return `${key}/${name}`;
}

/** Takes `order-1.siren/outbound|50051||product...` apart; undefined for a name without a proxy. */
export function parseScoped(name: string): { key: string; name: string } | undefined {
  const slash = name.indexOf("/");
  return slash < 0 ? undefined : { key: name.slice(0, slash), name: name.slice(slash + 1) };
}

export const outboundListener = "outbound";
export const outboundRoutes = "outbound";

export function inboundListener(port: number): string {
  return `inbound:${port}`;
}

export const rootSecret = "ROOTCA";
export const systemRootsSecret = "system-roots";
