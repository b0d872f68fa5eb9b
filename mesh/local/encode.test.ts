import { expect, it } from "vitest";
import { encode, versionOf } from "./encode.ts";
import { decodeMessage, type Json, typeUrls } from "./envoy-api.ts";

const host = (name: string): Json => ({
  name,
  domains: [name],
  routes: [{ match: { prefix: "/" }, route: { cluster: "c", timeout: "1.5s" } }],
});
const routes = (...hosts: Json[]): Json => ({ name: "r", virtual_hosts: hosts, validate_clusters: false });

it("puts a route configuration together so that it reads as it was written", () => {
  const [a, b] = [host("a"), host("b")];
  for (const hosts of [[a, b], [b, a], [], [a]]) {
    expect(decodeMessage(typeUrls.routes, encode("routes", routes(...hosts)))).toMatchObject({
      name: "r",
      validateClusters: false,
      ...(hosts.length > 0 ? { virtualHosts: hosts.map(({ name, domains }) => ({ name, domains })) } : {}),
    });
  }
});

it("gives another version to another content, and the same one to a copy", () => {
  const version = versionOf("routes", routes(host("a")));
  expect(versionOf("routes", structuredClone(routes(host("a"))))).toBe(version);
  expect(versionOf("routes", routes(host("b")))).not.toBe(version);
  expect(versionOf("routes", routes(host("a"), host("b")))).not.toBe(version);
});

it.each([
  { what: "an unknown field", json: { name: "c", no_such_field: 1 } },
  { what: "a value of another type", json: { name: "c", connect_timeout: { seconds: "x" } } },
  {
    what: "an unknown type",
    json: { name: "c", filters: [{ name: "f", typed_config: { "@type": "x/no.such.Type" } }] },
  },
])("refuses $what instead of leaving it out", ({ json }) => {
  expect(() => encode("clusters", json)).toThrow();
});
