import { checkSubnets } from "../../checks/addresses.ts";
import type { Place } from "../../place.ts";
import type { Source } from "./schema.ts";

const texts = [
  "principals",
  "notPrincipals",
  "requestPrincipals",
  "notRequestPrincipals",
  "namespaces",
  "notNamespaces",
] as const;
const accounts = ["serviceAccounts", "notServiceAccounts"] as const;
const addresses = ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"] as const;
const besideAccounts = ["principals", "notPrincipals", "namespaces", "notNamespaces"] as const;

export function validateSource(source: Source, place: Place): void {
  const hasAccounts = accounts.some((field) => source[field]?.length);
  const other = besideAccounts.find((field) => source[field]?.length);
  if (hasAccounts && other) {
    place.in(other).refuse(`serviceAccounts and ${other} exclude one another`, "write two entries under from");
  }
  if ([...texts, ...accounts, ...addresses].every((field) => !source[field]?.length)) {
    place.refuse("the source is empty", "write principals, namespaces, ..., or remove from to match any source");
  }
  for (const field of texts) refuseEmpty(source[field], place.in(field));
  for (const field of accounts) checkAccounts(source[field] ?? [], place.in(field));
  for (const field of addresses) checkSubnets(source[field], place.in(field));
}

export function refuseEmpty(values: string[] | undefined, place: Place): void {
  values?.forEach((value, index) => {
    if (value === "") place.in(index).refuse("an empty value matches nothing", 'write a value, or "*" for any');
  });
}

/** `name`, in the policy's namespace, or `namespace/name`. */
export function checkAccounts(values: string[], place: Place): void {
  if (values.length > 16) place.refuse("more than 16 service accounts", "write several rules");
  values.forEach((value, index) => {
    const at = place.in(index);
    const hint = "write the account's name, or namespace/name";
    const parts = value.split("/");
    if (value.includes("*")) at.refuse("service accounts have no wildcards", "write principals for wildcards");
    else if (parts.length > 2 || parts.includes("")) at.refuse(`"${value}" is no service account`, hint);
    else if (value.length > 320) at.refuse("the service account is longer than 320 characters", hint);
  });
}
