/** A VirtualService and a DestinationRule, as YAML, for a service of a made-up mesh: two routes, retries, a subset, a breaker. */
export function policiesOf(name: string, namespace: string): string {
  const host = `${name}.${namespace}.svc.cluster.local`;
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  hosts: [${host}]
  http:
    - match: [{uri: {prefix: /shop.v1.Shop/}}]
      timeout: 2s
      retries: {attempts: 2, perTryTimeout: 1s, retryOn: "unavailable,reset"}
      route: [{destination: {host: ${host}, subset: v1, port: {number: 50051}}}]
    - route: [{destination: {host: ${host}, port: {number: 50051}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  host: ${host}
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}, connectionPool: {tcp: {maxConnections: 10}}}
  subsets: [{name: v1, labels: {version: v1}}]
`;
}
