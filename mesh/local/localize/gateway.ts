import type { Json } from "../envoy-api.ts";
import { nameOf, objectAt } from "./json.ts";
import { scoped } from "./names.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";

/** The gateway's listeners, on the ports that this machine has for them, for callers on this machine. */
export function gatewayListeners(context: Rewriting): { name: string; listener: Json; source: Json }[] {
  return context.proxy.compiled.listeners.flatMap((source) => {
    const port = Number(objectAt(objectAt(source, "address"), "socket_address")["port_value"]);
    const here = context.place.gatewayPort(port);
    if (here === undefined) {
      context.shortfalls.push({
        resource: source,
        severity: "warning",
        message: `the gateway's port ${port} is not served on this machine`,
        hint: "use port 80 or 443, or one above 1023",
      });
      return [];
    }
    const name = scoped(context.key, nameOf(source));
    const address = { socket_address: { address: "127.0.0.1", port_value: here } };
    return [{ name, listener: { ...rewrite(source, context), name, address }, source }];
  });
}
