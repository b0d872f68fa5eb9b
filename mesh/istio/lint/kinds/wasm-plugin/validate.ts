import { checkAttachment } from "../../checks/selectors.ts";
import { absoluteSchemeOf } from "../../checks/urls.ts";
import type { Place } from "../../place.ts";
import type { WasmPlugin } from "./schema.ts";

/** What istiod's webhook says of a WasmPlugin. */
export function validate(spec: WasmPlugin, place: Place): void {
  checkAttachment(spec, place);
  checkUrl(spec.url ?? "", spec.url === undefined ? place : place.in("url"));
  if (spec.sha256 && !/^[a-f0-9]{64}$/.test(spec.sha256)) {
    place.in("sha256").refuse("it is no SHA-256", "write its 64 hexadecimal digits, in lower case");
  }
  if ((spec.imagePullSecret?.length ?? 0) > 253)
    place.in("imagePullSecret").refuse("the name is too long", "shorten it");
  if ((spec.pluginName?.length ?? 0) > 256) place.in("pluginName").refuse("the name is too long", "shorten it");
  validateEnvironment(spec, place.in("vmConfig", "env"));
  spec.match?.forEach(({ ports }, index) => {
    ports?.forEach(({ number = 0 }, portIndex) => {
      if (number < 1 || number > 65_535) {
        const hint = "write the number of a port, from 1 to 65535";
        place.in("match", index, "ports", portIndex).refuse(`the port ${number} is not in 1..65535`, hint);
      }
    });
  });
}

const schemes = ["", "file", "http", "https", "oci"];

function checkUrl(url: string, place: Place): void {
  const hint = "write oci://registry/image:tag, https://host/plugin.wasm or file:///path";
  if (url === "") return place.refuse("it has no url", hint);
  const scheme = absoluteSchemeOf(url);
  if (scheme === undefined) place.refuse(`"${url}" is no URL`, hint);
  else if (!schemes.includes(scheme)) place.refuse(`plugins cannot be fetched from "${scheme}:"`, hint);
}

function validateEnvironment(spec: WasmPlugin, place: Place): void {
  const names = new Set<string>();
  spec.vmConfig?.env?.forEach(({ name = "", value, valueFrom = "INLINE" }, index) => {
    const at = place.in(index);
    if (name === "") at.refuse("the variable has no name", "write `name:`");
    else if (name.length > 256) at.refuse("the variable's name is too long", "shorten it");
    else if (names.has(name)) at.refuse(`the variable "${name}" exists twice`, "remove one of them");
    else if (valueFrom !== "INLINE" && value)
      at.in("value").refuse("a variable of the host has no value", "remove value");
    names.add(name);
  });
}
