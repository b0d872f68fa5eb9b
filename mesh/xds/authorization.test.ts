import { expect, test } from "vitest";
import { rbacPolicy } from "./authz-rule.ts";
import { replaceTrustDomains } from "./trust-domains.ts";

const http = { namespace: "siren", forTcp: false, action: "ALLOW", trustDomains: ["cluster.local"] } as const;
const principalsOf = (from: Record<string, string[]>) => rbacPolicy({ from: [{ source: from }] }, http)?.["principals"];
const permissionsOf = (to: Record<string, string[]>) => rbacPolicy({ to: [{ operation: to }] }, http)?.["permissions"];

test.each([
  ["*", { safe_regex: { regex: ".+" } }],
  ["cluster.local/ns/siren/*", { prefix: "spiffe://cluster.local/ns/siren/" }],
  ["*/sa/order", { safe_regex: { regex: "spiffe://.*/sa/order" } }],
  ["cluster.local/ns/siren/sa/order", { exact: "spiffe://cluster.local/ns/siren/sa/order" }],
])("principal %s", (value, principal_name) => {
  expect(principalsOf({ principals: [value] })).toEqual([
    { and_ids: { ids: [{ or_ids: { ids: [{ authenticated: { principal_name } }] } }] } },
  ]);
});

test("several request principals are alternatives in one place", () => {
  const [one, two] = ["https://a/x", "https://b/*"].map((value) => principalsOf({ requestPrincipals: [value] }));
  const both = principalsOf({ requestPrincipals: ["https://a/x", "https://b/*"] });
  const inner = (list: unknown) => (list as { and_ids: { ids: unknown[] } }[])[0]?.and_ids.ids[0];
  expect(both).toEqual([{ and_ids: { ids: [{ or_ids: { ids: [inner(one), inner(two)] } }] } }]);
});

test("a path with {*} becomes a template", () => {
  expect(JSON.stringify(permissionsOf({ paths: ["/rooms/{*}/reviews/{**}"] }))).toContain(
    '"path_template":"/rooms/*/reviews/**"',
  );
});

test("on bare connections an ALLOW rule about requests allows nothing, and a DENY rule widens", () => {
  const rule = { to: [{ operation: { paths: ["/admin"] } }], from: [{ source: { namespaces: ["mall"] } }] };
  expect(rbacPolicy(rule, { ...http, forTcp: true })).toBeUndefined();
  expect(rbacPolicy(rule, { ...http, forTcp: true, action: "DENY" })?.["permissions"]).toEqual([
    { and_rules: { rules: [{ any: true }] } },
  ]);
});

test("an address that is none never allows", () => {
  expect(principalsOf({ ipBlocks: ["10.0.0.0/8"] })).toBeDefined();
  expect(principalsOf({ ipBlocks: ["10.0.0.0/40"] })).toBeUndefined();
  expect(principalsOf({ ipBlocks: ["somewhere"] })).toBeUndefined();
});

test.each([
  ["td2/ns/a/sa/b", ["td2/ns/a/sa/b", "td1/ns/a/sa/b"]],
  ["cluster.local/ns/a/sa/b", ["td2/ns/a/sa/b", "td1/ns/a/sa/b"]],
  ["other/ns/a/sa/b", ["other/ns/a/sa/b"]],
  ["*/sa/b", ["*/sa/b"]],
  ["*", ["*"]],
])("principal %s under the trust domains td2 and td1", (principal, expected) => {
  expect(replaceTrustDomains([principal], ["td2", "td1"])).toEqual(expected);
});
