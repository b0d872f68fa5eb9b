import { selects } from "../field.ts";
import type { PeerAuthentication } from "../kinds/peer-authentication/schema.ts";
import type { Resource } from "../resources.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

/** Identities without mutual TLS (M025), plain text where it is refused (M026), tokens that nobody demands (M028). */
export function checkAuthentication(context: Context): void {
  checkIdentities(context);
  checkPlainText(context);
  checkTokens(context);
}

type Mode = "STRICT" | "PERMISSIVE" | "DISABLE";

/** The mode that holds for pods with these labels: of the workload, else of the namespace, else of the mesh. */
function modeOf(namespace: string, labels: Record<string, string> | undefined, world: World): Mode {
  const policies = world.resources.PeerAuthentication;
  const isFor = (policy: Resource<PeerAuthentication>, where: string, selected: boolean) =>
    policy.object.metadata.namespace === where && (policy.spec.selector?.matchLabels !== undefined) === selected;
  const own = policies.filter(
    (policy) => isFor(policy, namespace, true) && labels && selects(policy.spec.selector?.matchLabels ?? {}, labels),
  );
  const wide = policies.filter((policy) => isFor(policy, namespace, false));
  const mesh = policies.filter((policy) => isFor(policy, world.mesh.rootNamespace, false));
  for (const { spec } of [...own, ...wide, ...mesh]) {
    if (spec.mtls?.mode && spec.mtls.mode !== "UNSET") return spec.mtls.mode;
  }
  return "PERMISSIVE";
}

const identities = ["principals", "notPrincipals", "namespaces", "notNamespaces", "serviceAccounts"] as const;

function checkIdentities({ world }: Context): void {
  for (const { spec, place, object } of world.resources.AuthorizationPolicy) {
    if (modeOf(object.metadata.namespace, spec.selector?.matchLabels, world) !== "DISABLE") continue;
    const effect = (spec.action ?? "ALLOW") === "DENY" ? "denies nobody" : "allows nobody";
    spec.rules?.forEach(({ from }, ruleIndex) => {
      from?.forEach(({ source }, index) => {
        const field = identities.find((name) => source?.[name]?.length);
        if (!field) return;
        const message = `mutual TLS is off there, so callers have no identity: the rule ${effect} by ${field}`;
        const hint = "write mode: STRICT or PERMISSIVE in the PeerAuthentication";
        place.in("rules", ruleIndex, "from", index, "source", field).find("M025", message, hint);
      });
    });
  }
}

function checkPlainText({ world }: Context): void {
  for (const { spec, place, object } of world.resources.DestinationRule) {
    const mode = spec.trafficPolicy?.tls?.mode;
    if (mode !== "DISABLE" && mode !== "SIMPLE") continue;
    const services = world.services.matching(spec.host ?? "", object.metadata.namespace);
    const strict = services.find(
      (service) =>
        !service.external && modeOf(service.namespace, world.workloadsOf(service)[0]?.labels, world) === "STRICT",
    );
    if (!strict) continue;
    const message = `${strict.host} takes mutual TLS alone, and callers come with mode ${mode}: every call fails with 503`;
    place.in("trafficPolicy", "tls", "mode").find("M026", message, "remove tls, or write mode: ISTIO_MUTUAL");
  }
}

function checkTokens({ world }: Context): void {
  for (const { spec, place, object } of world.resources.RequestAuthentication) {
    if (!spec.jwtRules?.length) continue;
    const { namespace } = object.metadata;
    const labels = spec.selector?.matchLabels ?? {};
    const demanded = world.resources.AuthorizationPolicy.some((policy) => {
      const home = policy.object.metadata.namespace;
      if (home !== namespace && home !== world.mesh.rootNamespace) return false;
      return selects(policy.spec.selector?.matchLabels ?? {}, labels) && demandsToken(policy.spec);
    });
    if (demanded) continue;
    const message = "requests without a token pass: only wrong tokens are refused";
    place.in("jwtRules").find("M028", message, 'write an AuthorizationPolicy with source: {requestPrincipals: ["*"]}');
  }
}

function demandsToken({ rules }: { rules?: { from?: { source?: object }[]; when?: { key?: string }[] }[] }): boolean {
  return (rules ?? []).some(
    ({ from, when }) =>
      from?.some(({ source = {} }) => "requestPrincipals" in source || "notRequestPrincipals" in source) ||
      when?.some(({ key }) => key?.startsWith("request.auth.")),
  );
}
