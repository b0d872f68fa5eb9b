import { isRecord } from "../../../kube-object.ts";
import type { Place } from "../../place.ts";

const prefix = "type.googleapis.com/";

const typed = new Set(["typed_config", "typedConfig"]);

/** Packages whose messages Envoy and istiod know. */
const packages =
  /^(envoy\.(admin|config|data|extensions|service|type|watchdog)\.|udpa\.|xds\.|google\.|istio\.|io\.istio\.|opentelemetry\.|opencensus\.)/;

/** The types that a patch names: istiod refuses those that it does not know, such as Envoy's second API. */
export function validatePatchValue(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      validatePatchValue(item, place.in(index));
    });
  } else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name === "@type") checkType(item, place.in(name));
      else if (typed.has(name) && !(isRecord(item) && "@type" in item)) {
        place.in(name).refuse("a typed configuration is an object with its @type", `write "@type": ${prefix}envoy...`);
      } else validatePatchValue(item, place.in(name));
    }
  }
}

function checkType(type: unknown, place: Place): void {
  if (typeof type !== "string") return place.refuse("a type is text", `write ${prefix}envoy.extensions...`);
  const name = type.slice(type.lastIndexOf("/") + 1);
  if (/\.v2(alpha\d*)?\./.test(name)) {
    return place.refuse(`"${name}" is of Envoy's second API, which is gone`, "write the type of the third API (v3)");
  }
  if (!type.includes("/") || !packages.test(name)) {
    place.refuse(`the type "${type}" is not known`, `write ${prefix} and the name of one of Envoy's messages`);
  }
}
