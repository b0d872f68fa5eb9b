import type { Severity } from "../finding.ts";

export interface CodeEntry {
  readonly severity: Severity;
  readonly title: string;
  /** What happens at run time. */
  readonly meaning: string;
  readonly remedy: string;
}

/**
 * Every code that `mesh lint` reports. IST codes mean what they mean to `istioctl analyze`, with the same severities; M codes are
 * our own; M9xx are what every command reports of files. `docs/lint.md` is made of this table.
 */
const table = {
  IST0002: {
    severity: "warning",
    title: "deprecated field",
    meaning: "The field still works, and a later release of Istio drops it.",
    remedy: "Write the field that replaces it.",
  },
  IST0101: {
    severity: "error",
    title: "a referenced object does not exist",
    meaning:
      "A destination, subset, gateway, namespace, secret or selector names nothing that exists. Requests to a missing host or subset are answered with 503 and gRPC status 14. Looked for only where the files say what a namespace holds: in namespaces of which they have at least one Service (or workload, for selectors).",
    remedy: "Correct the name, or add the object.",
  },
  IST0102: {
    severity: "info",
    title: "namespace without a sidecar",
    meaning:
      "The Namespace says nothing of injection, so its pods get no sidecar: no timeout, retry or breaker holds for their calls, and no policy protects them. In order where the label is added elsewhere.",
    remedy: "Write the label `istio-injection: enabled`, or `istio-injection: disabled` if that is meant.",
  },
  IST0106: {
    severity: "error",
    title: "istiod refuses the object",
    meaning:
      "The validating webhook of istiod 1.29 rejects the object, so `kubectl apply` fails and what ran before stays.",
    remedy: "The finding says what to write.",
  },
  IST0107: {
    severity: "warning",
    title: "annotation on the wrong kind",
    meaning: "The annotation has no effect on this kind of object.",
    remedy: "Move it, often to the pod template of the workload.",
  },
  IST0108: {
    severity: "warning",
    title: "unknown Istio annotation",
    meaning: "Istio does not know the annotation, so it has no effect.",
    remedy: "Correct its name, or remove it.",
  },
  IST0109: {
    severity: "error",
    title: "several VirtualServices for one host",
    meaning:
      "For sidecars one VirtualService wins the host, the first by name; the others are dropped for it, without a merge. Also hosts that overlap, where one of the VirtualServices is for some namespaces only.",
    remedy: "Write one VirtualService a host, or delegates.",
  },
  IST0110: {
    severity: "error",
    title: "several Sidecars select one workload",
    meaning: "One of them applies, and which one depends on their age.",
    remedy: "Make the selectors disjoint.",
  },
  IST0111: {
    severity: "error",
    title: "several Sidecars without a selector",
    meaning: "One of them applies to the namespace, and which one depends on their age.",
    remedy: "Keep one Sidecar without a selector in a namespace.",
  },
  IST0112: {
    severity: "error",
    title: "destination without a port on a service with several",
    meaning:
      "The port is guessed from the listener; where the service does not have that port, requests are answered with 503.",
    remedy: "Write `port: {number: ...}` in the destination.",
  },
  IST0116: {
    severity: "warning",
    title: "one port of a workload under two protocols",
    meaning:
      "Services disagree on the transport protocol of a port, so the sidecar treats its traffic as one of the two.",
    remedy: "Use one protocol, or two ports.",
  },
  IST0118: {
    severity: "info",
    title: "port name without a protocol",
    meaning:
      "Istio finds out the protocol by looking at the traffic, which fails for protocols in which the server speaks first.",
    remedy: "Name the port after its protocol, such as grpc or http-admin, or write appProtocol.",
  },
  IST0123: {
    severity: "warning",
    title: "several labels of injection on a namespace",
    meaning: "Which of them counts is not defined: pods may get another sidecar than was meant, or none.",
    remedy: "Keep one label.",
  },
  IST0125: {
    severity: "warning",
    title: "annotation with a value that Istio refuses",
    meaning: "The injector refuses the pod for it, so no pod of the workload starts.",
    remedy: "The finding says what to write.",
  },
  IST0127: {
    severity: "warning",
    title: "no workload for the policy",
    meaning: "The policy's selector matches no workload, so it protects nothing.",
    remedy: "Correct the labels.",
  },
  IST0128: {
    severity: "warning",
    title: "TLS without a CA to check the server",
    meaning: "The server's certificate is checked against the operating system's CAs only.",
    remedy: "Write caCertificates.",
  },
  IST0129: {
    severity: "warning",
    title: "TLS of a port without a CA to check the server",
    meaning: "The server's certificate on this port is checked against the operating system's CAs only.",
    remedy: "Write caCertificates in the port's tls.",
  },
  IST0130: {
    severity: "warning",
    title: "rule that gets no request",
    meaning: "An earlier rule takes every request that this one could match.",
    remedy: "Put the more specific rule first, or remove this one.",
  },
  IST0131: {
    severity: "info",
    title: "match without effect",
    meaning: "An earlier match takes every request that this one could match.",
    remedy: "Put the more specific match first, or remove this one.",
  },
  IST0132: {
    severity: "warning",
    title: "host that the gateway does not serve",
    meaning: "The gateway has no server for the host, so the VirtualService adds nothing to it: 404.",
    remedy: "Add the host to a server of the Gateway.",
  },
  IST0133: {
    severity: "warning",
    title: "istiod warns of the object",
    meaning: "The validating webhook of istiod 1.29 takes the object with a warning.",
    remedy: "The finding says what to write.",
  },
  IST0134: {
    severity: "warning",
    title: "ServiceEntry of TCP without an address",
    meaning: "A TCP port without an address takes the traffic of that port to any address.",
    remedy: "Write `addresses:`.",
  },
  IST0135: {
    severity: "info",
    title: "deprecated annotation",
    meaning: "The annotation still works, and a later release of Istio does without it.",
    remedy: "Write what replaces it.",
  },
  IST0137: {
    severity: "warning",
    title: "one target port under two service ports",
    meaning:
      "Two Services lead to one port of the workload under different numbers, and only one of them has an inbound listener.",
    remedy: "Use the same port number in both Services.",
  },
  IST0138: {
    severity: "warning",
    title: "one certificate in several gateways",
    meaning: "A browser reuses its HTTP/2 connection for the other gateway's hosts and gets 404.",
    remedy: "Write one Gateway for the certificate's hosts.",
  },
  IST0140: {
    severity: "warning",
    title: "subset that does not hold for the gateway",
    meaning: "Another VirtualService sends the host to a subset; requests from this gateway do not pass through it.",
    remedy: "Write the subset in this route, too.",
  },
  IST0144: {
    severity: "warning",
    title: "user ID of the sidecar",
    meaning: "Traffic of user 1337 is not captured: it is taken for the sidecar's own.",
    remedy: "Run the container as another user.",
  },
  IST0145: {
    severity: "error",
    title: "conflicting Gateways",
    meaning: "Two Gateways serve the same host on the same port of the same pods; one of them is dropped.",
    remedy: "Merge them, or make their hosts disjoint.",
  },
  IST0146: {
    severity: "warning",
    title: "image: auto without injection",
    meaning:
      "The image of the proxy is written by injection, and no webhook of Istio's takes these pods: they never start. Judged where the files have the Namespace.",
    remedy: 'Write the label `sidecar.istio.io/inject: "true"` in the pod template.',
  },
  IST0149: {
    severity: "error",
    title: "routing by claims without authentication",
    meaning:
      "No RequestAuthentication reads the token at the gateway, so the claims are never there and the route never matches.",
    remedy: "Write a RequestAuthentication for the gateway's pods.",
  },
  IST0150: {
    severity: "warning",
    title: "ExternalName service with a TCP port",
    meaning: "The port takes all TCP traffic of that number, whatever its destination.",
    remedy: "Name the port after an HTTP or TLS protocol.",
  },
  IST0151: {
    severity: "warning",
    title: "EnvoyFilter with a relative operation and no priority",
    meaning: "Whether the filter that the patch refers to is there yet depends on the order of EnvoyFilters.",
    remedy: "Write `priority:`, or INSERT_FIRST or ADD.",
  },
  IST0152: {
    severity: "error",
    title: "REPLACE where it does not exist",
    meaning: "REPLACE is ignored except for HTTP_FILTER, NETWORK_FILTER and VIRTUAL_HOST.",
    remedy: "Write MERGE, or REMOVE and ADD.",
  },
  IST0153: {
    severity: "error",
    title: "ADD where it is ignored",
    meaning: "ADD does nothing for ROUTE_CONFIGURATION and HTTP_ROUTE.",
    remedy: "Write MERGE, or add a VIRTUAL_HOST.",
  },
  IST0154: {
    severity: "error",
    title: "REMOVE where it is ignored",
    meaning: "REMOVE does nothing for ROUTE_CONFIGURATION and HTTP_ROUTE.",
    remedy: "Remove the route in the VirtualService.",
  },
  IST0155: {
    severity: "warning",
    title: "relative operation beside a patch for a proxy version",
    meaning:
      "An earlier patch of the same filter holds for some proxy versions only, so this one sometimes finds nothing.",
    remedy: "Write `priority:`.",
  },
  IST0157: {
    severity: "warning",
    title: "Telemetry without a provider",
    meaning: "Without a provider, here or in the mesh's defaults, no access log is written.",
    remedy: "Write `providers: [{name: envoy}]`.",
  },
  IST0159: {
    severity: "error",
    title: "several Telemetries select one workload",
    meaning: "One of them applies, and which one depends on their age.",
    remedy: "Make the selectors disjoint.",
  },
  IST0160: {
    severity: "error",
    title: "several Telemetries without a selector",
    meaning: "One of them applies to the namespace, and which one depends on their age.",
    remedy: "Keep one Telemetry without a selector in a namespace.",
  },
  IST0161: {
    severity: "error",
    title: "secret without a certificate",
    meaning: "The Secret that the Gateway names holds no certificate and key, so every TLS handshake fails.",
    remedy: "Make it with `kubectl create secret tls`.",
  },
  IST0162: {
    severity: "warning",
    title: "gateway port that its Service does not have",
    meaning: "The pods listen, but no Service leads to that port, so no request arrives.",
    remedy: "Add the port to the gateway's Service.",
  },
  IST0165: {
    severity: "warning",
    title: "VirtualService on an internal gateway",
    meaning: "The gateway is made by Istio for an object of the Gateway API, and may be renamed at any time.",
    remedy: "Write an HTTPRoute.",
  },
  IST0166: {
    severity: "warning",
    title: "selector on a Gateway of the Gateway API",
    meaning: "Policies reach the pods of such a Gateway by targetRefs alone: this one has no effect on them.",
    remedy: "Write `targetRefs:`.",
  },
  IST0167: {
    severity: "warning",
    title: "policy without effect",
    meaning: "What the policy is for never happens where it applies.",
    remedy: "Remove it, or apply it elsewhere.",
  },
  IST0173: {
    severity: "error",
    title: "subset without pods",
    meaning: "No workload has the labels, so requests to the subset are answered with 503 and gRPC status 14 (UH).",
    remedy: "Correct the labels of the subset, or of the pods.",
  },
  IST0174: {
    severity: "warning",
    title: "DestinationRule for an unknown host",
    meaning: "No Service has the host, so the rule never applies.",
    remedy: "Write the full name, as in product.siren.svc.cluster.local.",
  },
  IST0177: {
    severity: "warning",
    title: "one port of a host under two protocols",
    meaning:
      "ServiceEntries give one port of a host different protocols. One of them is taken, and which one depends on their age. Reported by Istio from 1.31 on.",
    remedy: "Write the same protocol in all of them.",
  },
  M001: {
    severity: "error",
    title: "breaker that can never open",
    meaning:
      "floor(replicas x maxEjectionPercent / 100) is 0, so Envoy counts the failures and ejects nothing (`ejections_overflow`). Istio's default is 10 percent, which ejects none of fewer than 10 replicas.",
    remedy: "Write maxEjectionPercent so that at least one replica can be out: 100 for a breaker, 34 for one of three.",
  },
  M002: {
    severity: "error",
    title: "retry of a call that is not safe to repeat",
    meaning:
      "The retry policy, or Istio's default where none is written, covers a method that is neither NO_SIDE_EFFECTS nor carries request_id: a repeated call may take effect twice.",
    remedy:
      "Write `retries: {attempts: 0}` for the method, or give its request a request_id (AIP-155), or mark it idempotency_level = NO_SIDE_EFFECTS.",
  },
  M003: {
    severity: "warning",
    title: "tries that do not fit into the timeout",
    meaning: "perTryTimeout x (attempts + 1) is longer than timeout, so the last tries are cut short or never made.",
    remedy: "Shorten perTryTimeout, lower attempts, or lengthen timeout.",
  },
  M004: {
    severity: "error",
    title: "timeout on a streaming method",
    meaning: "The timeout counts the whole stream, so it is cut when the time is over, however healthy it is.",
    remedy: "Give the streaming method a route of its own, without timeout.",
  },
  M005: {
    severity: "warning",
    title: "call without a policy",
    meaning:
      "A service is called, and its timeout, retries or breaker are nowhere written: there is no limit in time, Istio's default retries apply (two, on connect-failure, refused-stream, unavailable, cancelled), and nothing is ejected.",
    remedy: "Write timeout and retries in a VirtualService, and outlierDetection in a DestinationRule.",
  },
  M006: {
    severity: "warning",
    title: "timeouts or retries that multiply along the calls",
    meaning:
      "A caller gives up before the callee's own calls do, so their work is lost; or retries at several layers multiply, so that a failing leaf gets many times its load.",
    remedy: "Let timeouts shrink from caller to callee, and retry at one layer.",
  },
  M007: {
    severity: "warning",
    title: "limit that does not hold on HTTP/2",
    meaning:
      "http1MaxPendingRequests and maxConnections hardly limit gRPC: one connection carries all requests, and none of them waits for a connection.",
    remedy: "Write http2MaxRequests.",
  },
  M008: {
    severity: "error",
    title: "path that is no method",
    meaning: "The match names a gRPC method or service that no contract has, so the rule never applies.",
    remedy: "Write /package.Service/Method as in the .proto file.",
  },
  M009: {
    severity: "warning",
    title: "retryOn that never happens for gRPC",
    meaning:
      "gRPC answers with HTTP 200 and a status of its own, so reasons of HTTP alone (5xx, gateway-error, HTTP codes) miss what the service answers.",
    remedy: "Add gRPC's words: unavailable, cancelled, resource-exhausted, deadline-exceeded or internal.",
  },
  M010: {
    severity: "warning",
    title: "fault left on",
    meaning: "The route delays or aborts requests on purpose.",
    remedy: "Keep faults in files of their own that production does not get, or suppress this with the reason.",
  },
  M011: {
    severity: "info",
    title: "failures behind the first message are not seen",
    meaning:
      "Envoy retries and counts only answers that fail before the first message (Trailers-Only). A stream that fails later is neither retried nor counted towards ejection.",
    remedy: "Let the handler fail before it sends headers, and do not rely on retries for this method.",
  },
  M012: {
    severity: "warning",
    title: "gRPC port that Istio does not know as gRPC",
    meaning: "The port is taken for plain TCP, or found out by looking: retries, timeouts and gRPC's figures are lost.",
    remedy: "Name the port grpc or grpc-..., or write appProtocol: grpc.",
  },
  M013: {
    severity: "warning",
    title: "unknown field",
    meaning:
      "Kubernetes prunes fields that a kind does not have, without an error: what is written there has no effect.",
    remedy: "Correct the name; the finding suggests one.",
  },
  M014: {
    severity: "error",
    title: "refused by the CustomResourceDefinition",
    meaning:
      "istiod's webhook would take the value, but the API server refuses it before, by the kind's schema; or the API group has no such kind or version.",
    remedy: "The finding says what to write.",
  },
  M015: {
    severity: "error",
    title: "destination on a port that its service does not have",
    meaning:
      "A destination without a port gets the port of the listener. Where the destination's only port is another one, that makes a cluster that does not exist: 503, gRPC status 14.",
    remedy: "Write `port: {number: ...}` in the destination.",
  },
  M016: {
    severity: "warning",
    title: "half of a host name",
    meaning: "A name with a dot is taken as a full name: product.siren is not product.siren.svc.cluster.local.",
    remedy: "Write the full name, or, in the same namespace, the bare one.",
  },
  M017: {
    severity: "warning",
    title: "requests that no rule matches",
    meaning:
      "A service with a VirtualService has only its routes: what matches none is answered with 404, gRPC status 12.",
    remedy: "End with a rule without match, or suppress this with the reason.",
  },
  M018: {
    severity: "warning",
    title: "rules behind a catch-all",
    meaning: "A match on / alone takes every request, so istiod leaves out all rules behind it.",
    remedy: "Move the catch-all to the end.",
  },
  M019: {
    severity: "warning",
    title: "prefix that reaches into a sibling",
    meaning: "A prefix is compared letter by letter: /shop.Order also matches /shop.OrderAdmin/Delete.",
    remedy: "End the prefix with a slash.",
  },
  M020: {
    severity: "warning",
    title: "fault that never happens",
    meaning: "A fault without percentage, or with 0, never fires, although the documentation says 100.",
    remedy: "Write `percentage: {value: ...}`.",
  },
  M021: {
    severity: "warning",
    title: "try that times out and is not retried",
    meaning:
      "A try that perTryTimeout ends was reset by Envoy itself: only reset, 5xx and gateway-error retry that. gRPC's words look at the status that the callee answered.",
    remedy: "Add reset to retryOn.",
  },
  M022: {
    severity: "warning",
    title: "DestinationRule in a third namespace",
    meaning:
      "Rules are looked for in the caller's namespace, the service's and the root namespace: elsewhere they hold for callers of that namespace only.",
    remedy: "Move the rule into the namespace of the service.",
  },
  M023: {
    severity: "warning",
    title: "policy that erases its sibling",
    meaning:
      "Policies override in whole blocks: portLevelSettings replace all four blocks for the port, and a subset's block replaces the whole block of the rule, limits included.",
    remedy: "Repeat the fields that shall stay.",
  },
  M024: {
    severity: "info",
    title: "outlierDetection that is more than it says",
    meaning:
      "An outlierDetection without counters ejects after 5 consecutive errors, and turns Envoy's panic mode off.",
    remedy: "Write consecutive5xxErrors, consecutiveGatewayErrors and maxEjectionPercent.",
  },
  M025: {
    severity: "error",
    title: "identity without mutual TLS",
    meaning:
      "The workload takes plain text only, so no caller has a principal: an ALLOW with principals allows nobody, and a DENY denies nobody.",
    remedy: "Write mode: STRICT in the PeerAuthentication.",
  },
  M026: {
    severity: "error",
    title: "plain text to a workload that wants mutual TLS",
    meaning:
      "The DestinationRule turns Istio's mutual TLS off, and the PeerAuthentication refuses everything else: every call fails with 503.",
    remedy: "Remove tls from the DestinationRule, or write ISTIO_MUTUAL.",
  },
  M027: {
    severity: "info",
    title: "needs the original destination",
    meaning:
      "Resolution NONE and load balancer PASSTHROUGH send requests to the address that the caller had in mind, which only captured traffic has.",
    remedy: "Write resolution: DNS or STATIC; a load balancer such as LEAST_REQUEST.",
  },
  M028: {
    severity: "warning",
    title: "token that nobody demands",
    meaning: "A RequestAuthentication refuses wrong tokens, and lets requests without a token pass.",
    remedy: 'Write an AuthorizationPolicy that asks for requestPrincipals: ["*"].',
  },
  M029: {
    severity: "error",
    title: "filter behind the router",
    meaning: "ADD appends an HTTP filter behind envoy.filters.http.router, where no request arrives.",
    remedy: "Write INSERT_BEFORE with subFilter envoy.filters.http.router, or INSERT_FIRST.",
  },
  M030: {
    severity: "warning",
    title: "DestinationRule that hides another",
    meaning:
      'A rule with a workloadSelector and one for the same host with exportTo ["."] are merged by mistake in istiod 1.29: the one without selector vanishes for all other callers.',
    remedy: "Leave exportTo out of the rule without selector.",
  },
  M031: {
    severity: "warning",
    title: "traffic policy that is ignored",
    meaning:
      "Of several DestinationRules for one host in a namespace, the first one's trafficPolicy holds as a whole; of subsets of the same name, the first.",
    remedy: "Write one DestinationRule a host.",
  },
  M032: {
    severity: "error",
    title: "delegate that is not there",
    meaning:
      "The route is dropped: the delegate does not exist, has hosts of its own, or is not exported to this namespace.",
    remedy: "Correct delegate.name and delegate.namespace, or the delegate's exportTo.",
  },
  M033: {
    severity: "error",
    title: "istiod takes it, Envoy refuses it",
    meaning:
      "The value passes istiod's checks and makes a configuration that Envoy rejects, so the proxy keeps its old one.",
    remedy: "The finding says what to write.",
  },
  M034: {
    severity: "warning",
    title: "rule that matches nothing",
    meaning:
      "The value can never occur: a path without its slash, a gRPC method other than POST, an upper-case header, a * in the middle, a caller whose service account no workload has.",
    remedy: "The finding says what to write.",
  },
  M035: {
    severity: "warning",
    title: "source condition that is not looked at",
    meaning: "A match that names gateways ignores its own sourceLabels and sourceNamespace.",
    remedy: "Remove gateways from the match, or write two matches.",
  },
  M036: {
    severity: "warning",
    title: "weights that do not add up to 100",
    meaning: "Weights are taken in proportion, and the weight of a single destination is ignored, even 0.",
    remedy: "Make the weights add up to 100.",
  },
  M037: {
    severity: "warning",
    title: "retry budget of 0.2 percent",
    meaning:
      "Without percent, istiod 1.29.1 sets a budget of 0.2 percent instead of 20, so minRetryConcurrency alone decides.",
    remedy: "Write `percent:`.",
  },
  M038: {
    severity: "warning",
    title: "suppression without a reason",
    meaning:
      "An annotation mainsheet.dev/ignore names a code without saying why, or a code that does not exist. It suppresses nothing.",
    remedy: 'Write "CODE=reason; CODE=reason".',
  },
  M039: {
    severity: "warning",
    title: "suppression that suppresses nothing",
    meaning: "The object has no finding of that code any more.",
    remedy: "Remove the code from the annotation.",
  },
  M040: {
    severity: "warning",
    title: "service that selects no pod",
    meaning:
      "No workload of the namespace has the labels of the Service's selector, so requests to it are answered with 503 and gRPC status 14 (UH). Looked for only where workloads in the files have labels of the same names.",
    remedy: "Correct the selector, or the labels of the pod template.",
  },
  M901: {
    severity: "error",
    title: "not YAML",
    meaning: "The text cannot be read as YAML, or not safely.",
    remedy: "The finding says where and what.",
  },
  M902: {
    severity: "error",
    title: "not a Kubernetes object",
    meaning: "The document has no apiVersion, kind or metadata.name, so it is left out.",
    remedy: "Write them, or keep the file out of the folder.",
  },
  M903: {
    severity: "error",
    title: "wrong type in the metadata",
    meaning: "Kubernetes refuses labels and annotations that are not text.",
    remedy: "Quote the value.",
  },
  M904: {
    severity: "info",
    title: "unknown kind",
    meaning:
      "The document is of an API group under istio.io that is not looked at here, such as install.istio.io: it is left out.",
    remedy: "Correct kind and apiVersion, or keep it if another tool reads it.",
  },
  M905: {
    severity: "warning",
    title: "object that is written twice",
    meaning: "Two documents have the same kind, namespace and name: the later one counts, as with `kubectl apply`.",
    remedy: "Rename or remove one of them.",
  },
  M909: {
    severity: "info",
    title: "not for Kubernetes",
    meaning: "The document has neither apiVersion nor kind, as the values of a Helm chart: it is passed over.",
    remedy: "Nothing, or write apiVersion and kind.",
  },
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof table;

export const codes: Readonly<Record<Code, CodeEntry>> = table;

export function severityOf(code: Code): Severity {
  return table[code].severity;
}

export function isCode(text: string): text is Code {
  return Object.hasOwn(table, text);
}
