import { checkSubnets } from "../../checks/addresses.ts";
import type { Place } from "../../place.ts";
import { suggest } from "../../schema/suggest.ts";
import { checkPorts } from "./operation.ts";
import type { Condition } from "./schema.ts";
import { checkAccounts, refuseEmpty } from "./source.ts";

type ValueCheck = (values: string[], place: Place) => void;

const anything: ValueCheck = () => {};

/** The attributes of a condition, with what their values must be. https://istio.io/latest/docs/reference/config/security/conditions/ */
const attributes = new Map<string, ValueCheck>([
  ["source.ip", checkSubnets],
  ["remote.ip", checkSubnets],
  ["source.namespace", anything],
  ["source.serviceAccount", checkAccounts],
  ["source.principal", anything],
  ["request.auth.principal", anything],
  ["request.auth.audiences", anything],
  ["request.auth.presenter", anything],
  ["destination.ip", checkSubnets],
  ["destination.port", checkPorts],
  ["connection.sni", anything],
]);

/** Attributes with a key in brackets. */
const keyed = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];

export function validateCondition(condition: Condition, place: Place): void {
  const { key = "", values = [], notValues = [] } = condition;
  if (key === "") return place.refuse("the condition has no key", "write `key:`, such as request.headers[x-user]");
  if (values.length === 0 && notValues.length === 0) {
    return place.refuse(`the condition on ${key} has no values`, "write values or notValues");
  }
  refuseEmpty(values, place.in("values"));
  refuseEmpty(notValues, place.in("notValues"));
  const check = attributes.get(key);
  if (check) {
    check(values, place.in("values"));
    check(notValues, place.in("notValues"));
  } else validateKey(key, place.in("key"));
}

function validateKey(key: string, place: Place): void {
  if (keyed.some((prefix) => key.startsWith(prefix))) {
    const open = key.indexOf("[");
    const bracketed = key.endsWith("]") && open > 0 && open < key.length - 2;
    if (!bracketed) place.refuse(`"${key}" has no key in brackets`, "write it as request.headers[x-user]");
    return;
  }
  if (key === "destination.namespace" || key.startsWith("destination.labels")) {
    return place.refuse(`"${key}" is no attribute any more`, "write the policy into that namespace, with a selector");
  }
  const meant = suggest(key.replace(/\[.*$/, ""), [...attributes.keys(), ...keyed]);
  place.refuse(
    `"${key}" is no attribute`,
    meant ? `did you mean ${meant}?` : "write request.headers[NAME], source.ip, ...",
  );
}
