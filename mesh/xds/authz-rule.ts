import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
} from "#mesh/istio/security.ts";
import {
  anyText,
  cidrRange,
  claimListMatcher,
  claimMatcher,
  headerMatcher,
  metadataMatcher,
  pathPermission,
  valueMatcher,
} from "./authz-matchers.ts";
import type { JsonObject } from "./json.ts";
import { replaceTrustDomains } from "./trust-domains.ts";

/** What a rule is turned into RBAC for. */
export interface RuleContext {
  /** The policy's own namespace, for service accounts without one. */
  namespace: string;
  /** Whether the filter sees connections only, without requests. */
  forTcp: boolean;
  /** What an attribute that such a filter cannot see does: an ALLOW rule is dropped, another rule widens. */
  action: "ALLOW" | "DENY" | "LOG";
  trustDomains: readonly string[];
}

/** One attribute with its values. A matcher that is undefined cannot be decided on this filter. */
interface Condition {
  values: readonly string[];
  notValues: readonly string[];
  matchers(values: readonly string[]): (JsonObject | undefined)[];
}

type Vocabulary = { and: "and_rules" | "and_ids"; or: "or_rules" | "or_ids"; not: "not_rule" | "not_id"; list: string };
const permissionWords: Vocabulary = { and: "and_rules", or: "or_rules", not: "not_rule", list: "rules" };
const principalWords: Vocabulary = { and: "and_ids", or: "or_ids", not: "not_id", list: "ids" };

/** A policy that no request matches: what an ALLOW policy without rules means. */
export const matchesNothing: JsonObject = {
  permissions: [{ not_rule: { any: true } }],
  principals: [{ not_id: { any: true } }],
};

/** Envoy's RBAC policy of one rule; undefined when the rule cannot hold on this filter and so must not allow anything. */
export function rbacPolicy(rule: AuthorizationRule, context: RuleContext): JsonObject | undefined {
  const when = rule.when ?? [];
  const operations = rule.to?.length ? rule.to.map(({ operation }) => operation ?? {}) : [{}];
  const sources = rule.from?.length ? rule.from.map(({ source }) => source ?? {}) : [{}];
  const permissions = operations.map((operation) =>
    combine([...ofOperation(operation, context), ...permissionConditions(when)], permissionWords, context),
  );
  const principals = sources.map((source) =>
    combine([...ofSource(source, context), ...principalConditions(when, context)], principalWords, context),
  );
  const complete = [...permissions, ...principals].every((each) => each !== undefined);
  return complete ? { permissions: permissions as JsonObject[], principals: principals as JsonObject[] } : undefined;
}

function combine(conditions: Condition[], words: Vocabulary, { action }: RuleContext): JsonObject | undefined {
  const all: JsonObject[] = [];
  for (const { values, notValues, matchers } of conditions) {
    const wanted = matchers(values);
    const unwanted = matchers(notValues);
    if (action === "ALLOW" && [...wanted, ...unwanted].includes(undefined)) return undefined;
    const any = wanted.filter((each) => each !== undefined);
    const none = unwanted.filter((each) => each !== undefined);
    if (any.length > 0) all.push(grouped(any, words));
    if (none.length > 0) all.push({ [words.not]: grouped(none, words) });
  }
  return { [words.and]: { [words.list]: all.length > 0 ? all : [{ any: true }] } };
}

/** Values are alternatives. What is one matcher for all values, such as a claim, stands as it is. */
function grouped(matchers: JsonObject[], words: Vocabulary): JsonObject {
  const [only] = matchers;
  if (matchers.length === 1 && only && ("metadata" in only || "and_ids" in only || words.or in only)) return only;
  return { [words.or]: { [words.list]: matchers } };
}

function each(
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  matcher: (value: string) => JsonObject | undefined,
): Condition {
  return { values: values ?? [], notValues: notValues ?? [], matchers: (list) => list.map(matcher) };
}

/** Attributes that one matcher decides for all values together. */
function together(
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  matcher: (values: readonly string[]) => JsonObject | undefined,
): Condition {
  const matchers = (list: readonly string[]) => (list.length === 0 ? [] : [matcher(list)]);
  return { values: values ?? [], notValues: notValues ?? [], matchers };
}

function ofOperation(operation: AuthorizationOperation, { forTcp }: RuleContext): Condition[] {
  const http = (matcher: JsonObject) => (forTcp ? undefined : matcher);
  return [
    each(operation.hosts, operation.notHosts, (host) =>
      http({ header: headerMatcher(":authority", host, { ignoreCase: true }) }),
    ),
    each(operation.methods, operation.notMethods, (method) => http({ header: headerMatcher(":method", method) })),
    each(operation.paths, operation.notPaths, (path) => http(pathPermission(path))),
    each(operation.ports, operation.notPorts, port),
  ];
}

function ofSource(source: AuthorizationSource, context: RuleContext): Condition[] {
  return [
    each(
      replaceTrustDomains(source.principals ?? [], context.trustDomains),
      replaceTrustDomains(source.notPrincipals ?? [], context.trustDomains),
      principal,
    ),
    together(source.requestPrincipals, source.notRequestPrincipals, requestPrincipals(context)),
    each(source.serviceAccounts, source.notServiceAccounts, serviceAccount(context)),
    each(source.namespaces, source.notNamespaces, namespace),
    each(source.remoteIpBlocks, source.notRemoteIpBlocks, address("remote_ip")),
    each(source.ipBlocks, source.notIpBlocks, address("direct_remote_ip")),
  ];
}

function permissionConditions(when: readonly AuthorizationCondition[]): Condition[] {
  return when.flatMap(({ key = "", values, notValues }) => {
    if (key === "destination.ip") return [each(values, notValues, address("destination_ip"))];
    if (key === "destination.port") return [each(values, notValues, port)];
    if (key === "connection.sni") {
      return [each(values, notValues, (value) => ({ requested_server_name: valueMatcher(value) }))];
    }
    if (!key.startsWith("experimental.envoy.filters.")) return [];
    const [, filter, name] = /^experimental\.(.+?)\[(.*)\]$/.exec(key) ?? [];
    return [
      together(values, notValues, (list) =>
        filter && name !== undefined ? { metadata: metadataMatcher(filter, name, list) } : undefined,
      ),
    ];
  });
}

function principalConditions(when: readonly AuthorizationCondition[], context: RuleContext): Condition[] {
  const { trustDomains } = context;
  return when.flatMap(({ key = "", values = [], notValues = [] }) => {
    const claims = (path: string[]) => [together(values, notValues, claimList(path, context))];
    switch (key) {
      case "source.ip":
        return [each(values, notValues, address("direct_remote_ip"))];
      case "remote.ip":
        return [each(values, notValues, address("remote_ip"))];
      case "source.namespace":
        return [each(values, notValues, namespace)];
      case "source.serviceAccount":
        return [each(values, notValues, serviceAccount(context))];
      case "source.principal":
        return [
          each(replaceTrustDomains(values, trustDomains), replaceTrustDomains(notValues, trustDomains), principal),
        ];
      case "request.auth.principal":
        return [together(values, notValues, requestPrincipals(context))];
      case "request.auth.audiences":
        return claims(["aud"]);
      case "request.auth.presenter":
        return claims(["azp"]);
    }
    if (key.startsWith("request.auth.claims")) return claims(bracketed(key.slice("request.auth.claims".length)));
    if (!key.startsWith("request.headers")) return [];
    const [name = ""] = bracketed(key.slice("request.headers".length));
    return [each(values, notValues, (value) => (context.forTcp ? undefined : { header: headerMatcher(name, value) }))];
  });
}

/** The names in `[a][b]`; one name for brackets that hold others. */
function bracketed(text: string): string[] {
  const nested = /^(\[[^[\]]*\])+$/.test(text);
  return nested ? [...text.matchAll(/\[([^\]]*)\]/g)].map(([, name]) => name ?? "") : [text.replace(/^\[|\]$/g, "")];
}

function port(value: string): JsonObject | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  return number <= 65_535 ? { destination_port: number } : undefined;
}

function address(field: "remote_ip" | "direct_remote_ip" | "destination_ip") {
  return (value: string): JsonObject | undefined => {
    const range = cidrRange(value);
    return range && { [field]: range };
  };
}

function authenticated(name: JsonObject): JsonObject {
  return { authenticated: { principal_name: name } };
}

function principal(value: string): JsonObject {
  return authenticated(valueMatcher(value, "spiffe://"));
}

function namespace(value: string): JsonObject {
  return authenticated({ safe_regex: { regex: `.*/ns/${value.replaceAll("*", ".*")}/.*` } });
}

function serviceAccount(context: RuleContext) {
  return (value: string): JsonObject => {
    const slash = value.indexOf("/");
    const owner = slash < 0 ? context.namespace : value.slice(0, slash);
    const account = value.slice(slash + 1);
    return authenticated({ safe_regex: { regex: `spiffe://.+/ns/${owner}/(.+/|)sa/${account}(/.+)?` } });
  };
}

function claimList(path: string[], { forTcp }: RuleContext) {
  return (values: readonly string[]): JsonObject | undefined =>
    forTcp ? undefined : { metadata: claimListMatcher(path, values) };
}

function requestPrincipals({ forTcp }: RuleContext) {
  return (values: readonly string[]): JsonObject | undefined => {
    if (forTcp) return undefined;
    const matchers = values.map(requestPrincipal);
    const [only, ...others] = matchers;
    return only && others.length === 0 ? only : { or_ids: { ids: matchers } };
  };
}

/** `issuer/subject`, split at the last slash because an issuer may be a URL, with a wildcard at one end. */
function requestPrincipal(value: string): JsonObject {
  const slash = value.lastIndexOf("/");
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? undefined : value.slice(slash + 1);
  const [iss, sub] = issuerAndSubject(value, issuer, subject);
  return { and_ids: { ids: [{ metadata: claimMatcher("iss", iss) }, { metadata: claimMatcher("sub", sub) }] } };
}

function issuerAndSubject(value: string, issuer: string, subject: string | undefined): [JsonObject, JsonObject] {
  if (value === "*") return [anyText, anyText];
  if (value.startsWith("*")) {
    return subject === undefined ? [anyText, valueMatcher(value)] : [valueMatcher(issuer), { exact: subject }];
  }
  if (value.endsWith("*")) {
    return subject === undefined ? [valueMatcher(value), anyText] : [{ exact: issuer }, valueMatcher(subject)];
  }
  return [{ exact: issuer }, { exact: subject ?? "" }];
}
