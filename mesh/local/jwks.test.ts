import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { clusterDial } from "./cluster-dial.ts";
import { JwksFetcher, plainDial } from "./jwks.ts";
import type { Replica } from "./localize/types.ts";

const keys = '{"keys":[{"kty":"oct","kid":"1","k":"AAAA"}]}';
let server: Server;
let base: string;
let answer: { status: number; body: string };

beforeEach(async () => {
  answer = { status: 200, body: keys };
  server = createServer((request, response) => {
    response.statusCode = answer.status;
    response.end(request.url === "/.well-known/openid-configuration" ? `{"jwks_uri":"${base}/keys"}` : answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function authentication(rule: string) {
  return loadText(
    `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: a, namespace: siren }\nspec: { jwtRules: [${rule}] }`,
    "a.yaml",
  ).objects;
}

it("fetches keys by jwksUri, and by the issuer's OpenID configuration", async () => {
  const fetcher = new JwksFetcher({ onChange: () => {} });
  const byUri = await fetcher.keysFor(authentication(`{ issuer: x, jwksUri: "${base}/keys" }`), plainDial);
  expect(byUri.get(`${base}/keys`)).toBe(keys);
  const byIssuer = await fetcher.keysFor(authentication(`{ issuer: "${base}" }`), plainDial);
  expect([...byIssuer]).toEqual([[base, keys]]);
  fetcher.close();
});

it("has a key that nobody can sign with while the source is down, and reports them when it is back", async () => {
  answer = { status: 503, body: "down" };
  const onChange = vi.fn();
  const fetcher = new JwksFetcher({ onChange });
  const objects = authentication(`{ issuer: x, jwksUri: "${base}/keys" }`);
  const none = (await fetcher.keysFor(objects, plainDial)).get(`${base}/keys`);
  expect(JSON.parse(none ?? "")).toMatchObject({ keys: [{ kid: "none" }] });
  answer = { status: 200, body: keys };
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 5_000);
  expect((await fetcher.keysFor(objects, plainDial)).get(`${base}/keys`)).toBe(keys);
  fetcher.close();
});

it("looks again soon when something changes, however long the source has been down", async () => {
  answer = { status: 503, body: "down" };
  const onChange = vi.fn();
  const fetcher = new JwksFetcher({ onChange, retryMs: [10, 3_600_000] });
  const objects = authentication(`{ issuer: x, jwksUri: "${base}/keys" }`);
  const asked = vi.fn();
  server.on("request", asked);
  await fetcher.keysFor(objects, plainDial);
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2), 5_000);
  answer = { status: 200, body: keys };
  const changeSomething = async () => {
    await fetcher.keysFor(objects, plainDial);
    expect(onChange).toHaveBeenCalled();
  };
  await vi.waitFor(changeSomething, 20_000);
  fetcher.close();
});

it("keeps keys that it has when the source goes down or answers something else", async () => {
  const onChange = vi.fn();
  const fetcher = new JwksFetcher({ onChange, refreshMs: 20 });
  const objects = authentication(`{ issuer: x, jwksUri: "${base}/keys" }`);
  await fetcher.keysFor(objects, plainDial);
  answer = { status: 200, body: '{"keys":[]}' };
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await fetcher.keysFor(objects, plainDial)).get(`${base}/keys`)).toBe(keys);
  expect(onChange).not.toHaveBeenCalled();
  fetcher.close();
});

it("asks a source no more that nobody names since its first answer was on its way", async () => {
  const onChange = vi.fn();
  const fetcher = new JwksFetcher({ onChange, refreshMs: 10 });
  const asked = vi.fn();
  server.on("request", asked);
  const first = fetcher.keysFor(authentication(`{ issuer: x, jwksUri: "${base}/keys" }`), plainDial);
  await fetcher.keysFor([], plainDial);
  await first;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(asked).toHaveBeenCalledTimes(1);
  expect(onChange).not.toHaveBeenCalled();
  fetcher.close();
});

it("leads names of the cluster to the processes here", () => {
  const { objects } = loadText(
    "apiVersion: v1\nkind: Service\nmetadata: { name: member, namespace: ktravel }\nspec: { selector: { app: member }, ports: [{ name: http, port: 8080, targetPort: web }] }",
    "s.yaml",
  );
  const replica: Replica = {
    name: "member-1",
    namespace: "ktravel",
    workload: "member",
    labels: { app: "member" },
    serviceAccount: "member",
    ip: "127.9.0.1",
    ports: [{ name: "web", containerPort: 9000, upstream: "127.0.0.1:4711" }],
    outbound: "unix:/tmp/o",
    ready: true,
  };
  const dial = clusterDial(objects, [replica], 18080);
  expect(dial(new URL("http://member.ktravel.svc.cluster.local:8080/keys"))).toEqual({ host: "127.0.0.1", port: 4711 });
  expect(dial(new URL("http://ktravel.localhost:8080/keys"))).toEqual({ host: "127.0.0.1", port: 18080 });
  expect(dial(new URL("https://id.example.com/keys"))).toEqual({ host: "id.example.com", port: 443 });
});
