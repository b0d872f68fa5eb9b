import { expect, test } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { loadTestText } from "./load-tests.ts";
import { runRequestCase } from "./run-request-case.ts";

const policies = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: site, namespace: web}
spec:
  gateways: [mesh]
  hosts: [shop.example, www.shop.example]
  http:
    - match: [{uri: {prefix: /old}}]
      redirect: {uri: /new, authority: shop.example}
    - match: [{uri: {regex: "/members(/.*)?"}}]
      route: [{destination: {host: members.members.svc.cluster.local, port: {number: 80}}}]
      headers: {request: {set: {x-from: site}}}
    - match: [{uri: {prefix: /feed}, method: {regex: "GET|HEAD"}}]
      route: [{destination: {host: feed.feed.svc.cluster.local}}]
    - match: [{uri: {prefix: /trial}, headers: {x-bot: {exact: "yes"}}}]
      fault: {abort: {percentage: {value: 100}, httpStatus: 403}}
      route: [{destination: {host: trial.trial.svc.cluster.local}}]
    - match: [{uri: {prefix: /trial}}]
      rewrite: {uri: /try}
      route: [{destination: {host: trial.trial.svc.cluster.local}}]
    - match: [{uri: {prefix: /docs}}]
      delegate: {name: docs}
    - match: [{uri: {prefix: /help}}]
      delegate: {name: help}
    - route: [{destination: {host: rest.rest.svc.cluster.local}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: docs, namespace: web}
spec:
  http:
    - match: [{uri: {prefix: /docs/api}}]
      route: [{destination: {host: api-docs.docs.svc.cluster.local}}]
    - route: [{destination: {host: docs.docs.svc.cluster.local}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: web}
spec:
  gateways: [edge-gateway]
  hosts: [edge.example]
  http: [{route: [{destination: {host: edge.edge.svc.cluster.local}}]}]
`;

const destination = (host: string) => `route: [{destination: {host: ${host}.svc.cluster.local}}]`;

function run(request: string, expected: string, wantMatch = true): string[] {
  const { requestSuites, findings } = loadTestText(
    `testCases: [{description: it, wantMatch: ${wantMatch}, request: {${request}}, ${expected}}]`,
    "a.yml",
  );
  expect(findings).toEqual([]);
  const [test] = requestSuites[0]?.cases ?? [];
  if (!test) throw new Error("no case");
  return runRequestCase(test, loadText(policies, "policies.yaml").objects);
}

const shop = "authority: [shop.example, www.shop.example], method: [GET, POST]";

const cases: [what: string, request: string, expected: string][] = [
  [
    "a destination with its port, and headers",
    `${shop}, uri: [/members, /members/7]`,
    "route: [{destination: {host: members.members.svc.cluster.local, port: {number: 80}}}], headers: {request: {set: {x-from: site}}}",
  ],
  ["a redirect", `${shop}, uri: [/old/x]`, "redirect: {uri: /new, authority: shop.example}"],
  ["a rewrite", `${shop}, uri: [/trial]`, `rewrite: {uri: /try}, ${destination("trial.trial")}`],
  [
    "a fault for some callers",
    `${shop}, uri: [/trial], headers: {x-bot: "yes"}`,
    "fault: {abort: {percentage: {value: 100}, httpStatus: 403}}",
  ],
  ["the method", "authority: [shop.example], method: [PUT], uri: [/feed]", destination("rest.rest")],
  ["the catch-all", `${shop}, uri: [/anything]`, destination("rest.rest")],
  ["a route of a delegate", `${shop}, uri: [/docs/api/1]`, `delegate: {name: docs}, ${destination("api-docs.docs")}`],
  [
    "a delegate's route without a match",
    `${shop}, uri: [/docs]`,
    `delegate: {name: docs}, ${destination("docs.docs")}`,
  ],
  ["a delegate that is not among the files", `${shop}, uri: [/help/1]`, "delegate: {name: help}"],
  [
    "a host of a gateway that is not among the files",
    "authority: [edge.example], method: [GET], uri: [/]",
    destination("edge.edge"),
  ],
];

test.each(cases)("checks %s", (_, request, expected) => {
  expect(run(request, expected)).toEqual([]);
  expect(run(request, expected, false)).not.toEqual([]);
});

test("says which request was served otherwise, and by which line", () => {
  expect(run("authority: [shop.example], method: [GET], uri: [/feed, /x]", destination("feed.feed"))).toEqual([
    'GET shop.example/x: route: expected [{"destination":{"host":"feed.feed.svc.cluster.local"}}], got [{"destination":{"host":"rest.rest.svc.cluster.local"}}] (policies.yaml:26)',
  ]);
});

test("a request that nothing serves has no parts", () => {
  expect(run("authority: [other.example], method: [GET], uri: [/]", destination("rest.rest"))).toEqual([
    expect.stringContaining("got no route"),
  ]);
  expect(run("authority: [other.example], method: [GET], uri: [/]", destination("rest.rest"), false)).toEqual([]);
});

test("a route that Istio drops is named as the cause", () => {
  const conflict = policies.replace("match: [{uri: {prefix: /docs}}]", 'match: [{uri: {regex: "/docs.*"}}]');
  const { requestSuites } = loadTestText(
    `testCases: [{description: it, wantMatch: true, request: {authority: [shop.example], method: [GET], uri: [/docs/api]}, ${destination("api-docs.docs")}}]`,
    "a.yml",
  );
  const [test] = requestSuites[0]?.cases ?? [];
  expect(test && runRequestCase(test, loadText(conflict, "policies.yaml").objects)).toEqual([
    expect.stringContaining("docs.docs.svc.cluster.local"),
    expect.stringMatching(/^policies.yaml:\d+: a route of the delegate matches nothing/),
  ]);
});
