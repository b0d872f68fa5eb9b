import { fieldAt, textAt } from "../field.ts";
import type { Source } from "../kinds/authorization-policy/schema.ts";
import type { Place } from "../place.ts";
import { suggest } from "../schema/suggest.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

/** Callers in AuthorizationPolicies that there cannot be (M034). */
export function checkPrincipals({ world }: Context): void {
  const accounts = readAccounts(world);
  for (const { spec, place, object } of world.resources.AuthorizationPolicy) {
    const { namespace } = object.metadata;
    spec.rules?.forEach(({ from }, ruleIndex) => {
      from?.forEach(({ source }, index) => {
        if (source)
          checkSource(source, { namespace, accounts, place: place.in("rules", ruleIndex, "from", index, "source") });
      });
    });
  }
}

/** The service accounts of each namespace, where the files say which there are. */
type Accounts = ReadonlyMap<string, ReadonlySet<string>>;

function readAccounts(world: World): Accounts {
  const accounts = new Map<string, Set<string>>();
  for (const { namespace, serviceAccount } of world.workloads) {
    accounts.set(namespace, (accounts.get(namespace) ?? new Set()).add(serviceAccount));
  }
  for (const { kind, metadata, spec } of world.objects) {
    const known = accounts.get(metadata.namespace);
    if (kind === "ServiceAccount") known?.add(metadata.name);
    const job = kind === "CronJob" ? fieldAt(spec, "jobTemplate", "spec") : spec;
    if (kind === "CronJob" || kind === "Job")
      known?.add(textAt(job, "template", "spec", "serviceAccountName") ?? "default");
  }
  return accounts;
}

interface Where {
  namespace: string;
  accounts: Accounts;
  place: Place;
}

function checkSource(source: Source, { namespace, accounts, place }: Where): void {
  source.principals?.forEach((principal, index) => {
    checkPrincipal(principal, accounts, place.in("principals", index));
  });
  source.serviceAccounts?.forEach((account, index) => {
    const [name = "", home = namespace] = account.split("/").reverse();
    checkAccount({ name, namespace: home }, accounts, place.in("serviceAccounts", index));
  });
}

function checkPrincipal(principal: string, accounts: Accounts, place: Place): void {
  if (principal.startsWith("spiffe://")) {
    const right = principal.slice("spiffe://".length);
    return place.find(
      "M034",
      `a principal is written without spiffe://, so "${principal}" never matches`,
      `write ${right}`,
    );
  }
  if (principal.slice(1, -1).includes("*")) {
    const message = `* counts only at the start or the end, so "${principal}" never matches`;
    return place.find("M034", message, "write cluster.local/ns/<namespace>/*, or the whole principal");
  }
  if (principal.includes("*")) return;
  const [, namespace, name] = /^[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(principal) ?? [];
  if (namespace !== undefined && name !== undefined) return checkAccount({ namespace, name }, accounts, place);
  const [first = "", second, ...more] = principal.split("/");
  if (!principal.startsWith("cluster.local") && !accounts.has(first)) return;
  const short = accounts.has(first) && second !== undefined && more.length === 0;
  const hint = short
    ? `write cluster.local/ns/${first}/sa/${second}`
    : "write cluster.local/ns/<namespace>/sa/<service account>";
  place.find("M034", `"${principal}" is not of the form of a principal, so it never matches`, hint);
}

function checkAccount(
  { namespace, name }: { namespace: string; name: string },
  accounts: Accounts,
  place: Place,
): void {
  const known = accounts.get(namespace);
  if (!known || known.has(name)) return;
  const meant = suggest(name, known);
  const message = `no workload of ${namespace} has the service account ${name}, so the caller never matches`;
  place.find("M034", message, meant ? `did you mean ${meant}?` : `the accounts there are ${[...known].join(", ")}`);
}
