import { duration, flag, type Infer, list, map, record, text, traced, unsupported, word } from "./shape.ts";

const selector = record({ matchLabels: map(text) });
const targetRef = record({ group: text, kind: text, name: text, namespace: text });

const mutualTls = record({ mode: word("UNSET", "DISABLE", "PERMISSIVE", "STRICT") });

export const peerAuthentication = record({ selector, mtls: mutualTls, portLevelMtls: map(mutualTls) });
export type PeerAuthentication = Infer<typeof peerAuthentication>;

const jwtRule = traced(
  record({
    issuer: text,
    audiences: list(text),
    jwksUri: text,
    jwks_uri: text,
    jwks: text,
    fromHeaders: list(record({ name: text, prefix: text })),
    fromParams: list(text),
    fromCookies: list(text),
    outputPayloadToHeader: text,
    outputClaimToHeaders: list(record({ header: text, claim: text })),
    forwardOriginalToken: flag,
    timeout: duration,
    spaceDelimitedClaims: list(text),
  }),
);
export type JwtRule = Infer<typeof jwtRule>;

export const requestAuthentication = record({
  selector,
  targetRef,
  targetRefs: list(targetRef),
  jwtRules: list(jwtRule),
});
export type RequestAuthentication = Infer<typeof requestAuthentication>;

const source = record({
  principals: list(text),
  notPrincipals: list(text),
  requestPrincipals: list(text),
  notRequestPrincipals: list(text),
  namespaces: list(text),
  notNamespaces: list(text),
  ipBlocks: list(text),
  notIpBlocks: list(text),
  remoteIpBlocks: list(text),
  notRemoteIpBlocks: list(text),
  serviceAccounts: list(text),
  notServiceAccounts: list(text),
  trustDomains: unsupported("Istio 1.29 does not know it"),
});
export type AuthorizationSource = Infer<typeof source>;

const operation = record({
  hosts: list(text),
  notHosts: list(text),
  ports: list(text),
  notPorts: list(text),
  methods: list(text),
  notMethods: list(text),
  paths: list(text),
  notPaths: list(text),
});
export type AuthorizationOperation = Infer<typeof operation>;

const condition = traced(record({ key: text, values: list(text), notValues: list(text) }));
export type AuthorizationCondition = Infer<typeof condition>;

const rule = traced(
  record({
    from: list(record({ source })),
    to: list(record({ operation })),
    when: list(condition),
  }),
);
export type AuthorizationRule = Infer<typeof rule>;

export const authorizationPolicy = record({
  selector,
  targetRef,
  targetRefs: list(targetRef),
  rules: list(rule),
  action: word("ALLOW", "DENY", "AUDIT", "CUSTOM"),
  provider: record({ name: text }),
});
export type AuthorizationPolicy = Infer<typeof authorizationPolicy>;
