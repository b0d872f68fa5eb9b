import { isRecord } from "../../../kube-object.ts";
import type { Place } from "../../place.ts";
import { decode } from "../../schema/decode.ts";
import { envoyMessage, envoyTypes } from "./envoy-types.ts";
import type { ConfigPatch } from "./schema.ts";

/** The message that a patch changes or makes. */
const messages: Record<string, string> = {
  LISTENER: "envoy.config.listener.v3.Listener",
  FILTER_CHAIN: "envoy.config.listener.v3.FilterChain",
  NETWORK_FILTER: "envoy.config.listener.v3.Filter",
  LISTENER_FILTER: "envoy.config.listener.v3.ListenerFilter",
  HTTP_FILTER: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
  ROUTE_CONFIGURATION: "envoy.config.route.v3.RouteConfiguration",
  VIRTUAL_HOST: "envoy.config.route.v3.VirtualHost",
  HTTP_ROUTE: "envoy.config.route.v3.Route",
  CLUSTER: "envoy.config.cluster.v3.Cluster",
  EXTENSION_CONFIG: "envoy.config.core.v3.TypedExtensionConfig",
  BOOTSTRAP: "envoy.config.bootstrap.v3.Bootstrap",
};

/** The value of a patch, read as the message of Envoy that it is merged into. */
export function validatePatchValue({ applyTo, patch }: ConfigPatch, place: Place): void {
  if (!patch?.value) return;
  const registry = envoyTypes();
  const type = registry && envoyMessage(registry, messages[applyTo ?? ""] ?? "");
  if (type) decode(type, patch.value, place);
  else validateTypes(patch.value, place);
}

/** Without Envoy's descriptors: types of its second API, which is gone. */
function validateTypes(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      validateTypes(item, place.in(index));
    });
  } else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name !== "@type") validateTypes(item, place.in(name));
      else if (typeof item === "string" && /\.v2(alpha\d*)?\.[A-Z]/.test(item)) {
        place
          .in(name)
          .refuse(`"${item}" is of Envoy's second API, which is gone`, "write the type of the third API (v3)");
      }
    }
  }
}
