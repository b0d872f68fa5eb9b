import { checkAttachment } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import { validateCondition } from "./condition.ts";
import { validateOperation } from "./operation.ts";
import type { AuthorizationPolicy, Rule } from "./schema.ts";
import { validateSource } from "./source.ts";

/** What istiod's webhook says of an AuthorizationPolicy. */
export function validate(spec: AuthorizationPolicy, place: Place): void {
  checkAttachment(spec, place);
  const action = spec.action ?? "ALLOW";
  const rules = spec.rules ?? [];
  if (rules.length === 0 && (action === "DENY" || action === "CUSTOM")) {
    place.refuse(`${action} without rules never happens`, "write rules: [{}] to match every request");
  }
  if (action === "CUSTOM" && rules.length > 0 && !spec.provider?.name) {
    place.refuse("CUSTOM needs a provider", "write `provider: {name: ...}`, one of the mesh's extensionProviders");
  }
  if (spec.provider && action !== "CUSTOM") {
    place.in("provider").refuse(`${action} has no provider`, "write action: CUSTOM, or remove provider");
  }
  rules.forEach((rule, index) => {
    const at = place.in("rules", index);
    validateRule(rule, at);
    if (action === "CUSTOM") refuseIdentity(rule, at);
    if (action === "DENY") warnTcp(rule, at);
  });
}

function validateRule(rule: Rule, place: Place): void {
  rule.from?.forEach(({ source }, index) => {
    const at = place.in("from", index);
    if (source) validateSource(source, at.in("source"));
    else at.refuse("from has no source", "write `source:`");
  });
  rule.to?.forEach(({ operation }, index) => {
    const at = place.in("to", index);
    if (operation) validateOperation(operation, at.in("operation"));
    else at.refuse("to has no operation", "write `operation:`");
  });
  rule.when?.forEach((condition, index) => {
    validateCondition(condition, place.in("when", index));
  });
}

const identities = [
  "namespaces",
  "notNamespaces",
  "serviceAccounts",
  "notServiceAccounts",
  "principals",
  "notPrincipals",
  "requestPrincipals",
  "notRequestPrincipals",
] as const;

/** CUSTOM is decided before identities are known. */
function refuseIdentity(rule: Rule, place: Place): void {
  const hint = "match on paths, methods, hosts, ports or addresses, or write a second policy with ALLOW or DENY";
  rule.from?.forEach(({ source }, index) => {
    for (const field of identities) {
      if (source?.[field]?.length) {
        place.in("from", index, "source", field).refuse(`CUSTOM does not know ${field}`, hint);
      }
    }
  });
  rule.when?.forEach(({ key = "" }, index) => {
    const identity = ["source.namespace", "source.serviceAccount", "source.principal"].includes(key);
    if (identity || key.startsWith("request.auth."))
      place.in("when", index, "key").refuse(`CUSTOM does not know ${key}`, hint);
  });
}

const ofConnections = [
  "principals",
  "notPrincipals",
  "namespaces",
  "notNamespaces",
  "serviceAccounts",
  "notServiceAccounts",
  "ipBlocks",
  "notIpBlocks",
  "remoteIpBlocks",
  "notRemoteIpBlocks",
] as const;

/** On TCP ports, what only HTTP has is left out of a DENY, which then denies everything. */
function warnTcp(rule: Rule, place: Place): void {
  const sources = (rule.from ?? []).flatMap(({ source }) => source ?? []);
  const operations = (rule.to ?? []).flatMap(({ operation }) => operation ?? []);
  const tcpSource = sources.some((source) => ofConnections.some((field) => source[field]?.length));
  const tcpOperation = operations.some(({ ports, notPorts }) => ports?.length || notPorts?.length);
  const httpFrom = sources.length > 0 && operations.length === 0 && !tcpSource;
  const httpTo = operations.length > 0 && !tcpOperation;
  if (httpFrom || httpTo) {
    place.warn(
      "on TCP ports this DENY stops all traffic, because only HTTP has what it matches on",
      "name the HTTP ports: to: [{operation: {ports: [...]}}]",
    );
  }
}
