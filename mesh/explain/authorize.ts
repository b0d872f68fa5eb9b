import type { Resource } from "#mesh/istio/resource.ts";
import type { AuthorizationPolicy, AuthorizationRule } from "#mesh/istio/security.ts";
import type { Mesh } from "#mesh/xds/mesh.ts";
import { labelsMatch, type Proxy } from "#mesh/xds/proxy.ts";
import { type NotTaken, placeOf } from "./explanation.ts";
import type { SeenRequest } from "./match-request.ts";

export interface Authorization {
  /** `depends`: on something that a request does not say by itself, such as an address or a token. */
  verdict: "allowed" | "denied" | "depends";
  /** The policies of the callee, and what each says. */
  policies: NotTaken[];
}

type Answer = "yes" | "no" | "depends";

interface Asking {
  mesh: Mesh;
  caller: Proxy;
  callee: { namespace: string; labels: Record<string, string> };
  request: SeenRequest;
  port: number;
}

/** What the AuthorizationPolicies of a callee say of a caller's request. DENY comes before ALLOW; without an ALLOW all may. */
export function authorize(asking: Asking): Authorization {
  const policies = policiesOf(asking);
  const answers = policies.map((policy) => ({
    policy,
    action: policy.spec.action ?? "ALLOW",
    answer: ask(policy, asking),
  }));
  const allows = answers.filter(({ action }) => action === "ALLOW");
  const denied = anyOf(answers.filter(({ action }) => action === "DENY").map(({ answer }) => answer));
  const asked = anyOf(answers.filter(({ action }) => action === "CUSTOM").map(({ answer }) => answer));
  const allowed = allows.length === 0 ? "yes" : anyOf(allows.map(({ answer }) => answer));
  return { verdict: verdictOf(denied, allowed, asked), policies: answers.map(describe) };
}

function verdictOf(denied: Answer, allowed: Answer, asked: Answer): Authorization["verdict"] {
  if (denied === "yes" || allowed === "no") return "denied";
  return denied === "depends" || allowed === "depends" || asked !== "no" ? "depends" : "allowed";
}

function policiesOf({ mesh, callee }: Asking): Resource<AuthorizationPolicy>[] {
  return mesh.authorizationPolicies.filter(
    ({ namespace, spec }) =>
      (namespace === mesh.settings.rootNamespace || namespace === callee.namespace) &&
      labelsMatch(spec.selector?.matchLabels ?? {}, callee.labels),
  );
}

function describe({
  policy,
  action,
  answer,
}: {
  policy: Resource<AuthorizationPolicy>;
  action: string;
  answer: Answer;
}): NotTaken {
  const says = {
    yes: "matches",
    no: "does not match",
    depends: "may match: it asks for an address, a token or a condition",
  };
  return {
    what: `AuthorizationPolicy ${policy.namespace}/${policy.name} (${action})`,
    at: placeOf(policy.object, []),
    why: says[answer],
  };
}

function ask({ spec }: Resource<AuthorizationPolicy>, asking: Asking): Answer {
  return anyOf((spec.rules ?? []).map((rule) => matches(rule, asking)));
}

function matches({ from = [], to = [], when = [] }: AuthorizationRule, asking: Asking): Answer {
  const source = from.length === 0 ? "yes" : anyOf(from.map((one) => fromSource(one.source ?? {}, asking)));
  const target = to.length === 0 ? "yes" : anyOf(to.map((one) => toOperation(one.operation ?? {}, asking)));
  return allOf([source, target, when.length === 0 ? "yes" : "depends"]);
}

type Lists = Readonly<Record<string, readonly string[] | undefined>>;

function fromSource(source: Lists, { mesh, caller }: Asking): Answer {
  const { namespace, serviceAccount } = caller;
  const principal = `${mesh.settings.trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const accounts = [`${namespace}/${serviceAccount}`, serviceAccount];
  const known: Answer[] = [
    ...both(source, "principals", "notPrincipals", [principal]),
    ...both(source, "namespaces", "notNamespaces", [namespace]),
    ...both(source, "serviceAccounts", "notServiceAccounts", accounts),
  ];
  const unknown = Object.keys(source).some((key) => /ipBlocks|requestPrincipals/i.test(key));
  return allOf([...known, unknown ? "depends" : "yes"]);
}

function toOperation(operation: Lists, { request, port }: Asking): Answer {
  const [path = ""] = request.path.split("?", 1);
  const hosts = [request.authority, request.authority.replace(/:\d+$/, "")];
  return allOf([
    ...both(operation, "paths", "notPaths", [path]),
    ...both(operation, "methods", "notMethods", [request.method]),
    ...both(operation, "hosts", "notHosts", hosts),
    ...both(operation, "ports", "notPorts", [String(port)]),
  ]);
}

function both(lists: Lists, positive: string, negative: string, values: readonly string[]): Answer[] {
  const isIn = (list: readonly string[]) => list.some((pattern) => values.some((value) => fits(pattern, value)));
  const [wanted, unwanted] = [lists[positive], lists[negative]];
  const answers: Answer[] = [];
  if (wanted !== undefined && wanted.length > 0) answers.push(isIn(wanted) ? "yes" : "no");
  if (unwanted !== undefined && unwanted.length > 0) answers.push(isIn(unwanted) ? "no" : "yes");
  return answers;
}

/** `*` is anything, `a*` a prefix, `*a` a suffix; `{*}` is one segment of a path, `{**}` the rest of it. */
function fits(pattern: string, value: string): boolean {
  if (pattern.includes("{*")) {
    const regex = pattern
      .replaceAll(/[.+?^$()|[\]\\]/g, "\\$&")
      .replaceAll("{**}", ".*")
      .replaceAll("{*}", "[^/]+");
    return new RegExp(`^${regex}$`).test(value);
  }
  if (pattern === "*") return true;
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith("*") ? value.endsWith(pattern.slice(1)) : value === pattern;
}

function anyOf(answers: readonly Answer[]): Answer {
  if (answers.includes("yes")) return "yes";
  return answers.includes("depends") ? "depends" : "no";
}

function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.includes("depends") ? "depends" : "yes";
}
