import { attachment } from "../../schema/selector.ts";
import { type Infer, list, message, oneOf, string } from "../../schema/types.ts";

const source = message({
  principals: list(string),
  notPrincipals: list(string),
  requestPrincipals: list(string),
  notRequestPrincipals: list(string),
  namespaces: list(string),
  notNamespaces: list(string),
  serviceAccounts: list(string),
  notServiceAccounts: list(string),
  ipBlocks: list(string),
  notIpBlocks: list(string),
  remoteIpBlocks: list(string),
  notRemoteIpBlocks: list(string),
});

const operation = message({
  hosts: list(string),
  notHosts: list(string),
  ports: list(string),
  notPorts: list(string),
  methods: list(string),
  notMethods: list(string),
  paths: list(string),
  notPaths: list(string),
});

const condition = message({ key: string, values: list(string), notValues: list(string) });

const rule = message({
  from: list(message({ source })),
  to: list(message({ operation })),
  when: list(condition),
});

export const schema = message({
  ...attachment,
  rules: list(rule),
  action: oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM"),
  provider: message({ name: string }),
});

export type AuthorizationPolicy = Infer<typeof schema>;
export type Rule = Infer<typeof rule>;
export type Source = Infer<typeof source>;
export type Operation = Infer<typeof operation>;
export type Condition = Infer<typeof condition>;
