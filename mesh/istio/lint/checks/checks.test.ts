import { describe, expect, it } from "vitest";
import { celProblem } from "../kinds/telemetry/cel.ts";
import { formatDuration, parseDuration } from "../schema/duration.ts";
import { suggest } from "../schema/suggest.ts";
import { isCidr, isIpAddress } from "./addresses.ts";
import { fqdnProblem, hostCovers, hostsOverlap, wildcardHostProblem } from "./hosts.ts";
import { absoluteSchemeOf, schemeOf } from "./urls.ts";

describe("durations", () => {
  it.each([
    ["1s", 1e9],
    ["1h30m", 5400e9],
    ["1.5s", 1.5e9],
    [".5s", 0.5e9],
    ["100us", 1e5],
    ["-2ms", -2e6],
    ["0", 0],
    ["5", undefined],
    ["1 s", undefined],
    ["1d", undefined],
    ["", undefined],
    ["s", undefined],
    ["2562047h", 2562047 * 3600e9],
    ["2562048h", undefined],
  ])("reads %j as Go does", (text, nanos) => {
    expect(parseDuration(text)).toBe(nanos);
  });

  it.each([
    [0, "0s"],
    [250e6, "250ms"],
    [1.5e9, "1.5s"],
  ])("writes %d ns", (nanos, text) => {
    expect(formatDuration(nanos)).toBe(text);
  });
});

describe("hosts", () => {
  it.each(["product", "product.siren.svc.cluster.local", "a.com.", "A-b.c"])("takes %s", (host) => {
    expect(fqdnProblem(host)).toBeUndefined();
  });

  it.each([
    "",
    "a_b",
    "a b",
    "-a",
    "a.-b",
    "com:80",
    "1.2.3.4",
    "a..b",
    "*.com",
    "a".repeat(64),
    `${"a.".repeat(128)}b`,
  ])("refuses %s", (host) => {
    expect(fqdnProblem(host)).toBeTypeOf("string");
  });

  it.each(["*", "*.com", "*-a.com", "*a.com"])("takes the wildcard %s", (host) => {
    expect(wildcardHostProblem(host)).toBeUndefined();
  });

  it.each(["a.*.com", "a*.com", "*.*", "**"])("refuses the wildcard %s", (host) => {
    expect(wildcardHostProblem(host)).toBeTypeOf("string");
  });

  it.each([
    ["*", "a.com", true],
    ["*.com", "a.com", true],
    ["*.foo.com", "foo.com", false],
    ["*.com", "*.foo.com", true],
    ["a.com", "b.com", false],
  ])("%s and %s overlap: %s", (a, b, overlap) => {
    expect(hostsOverlap(a, b)).toBe(overlap);
    expect(hostsOverlap(b, a)).toBe(overlap);
  });

  it("a wildcard covers what is behind it, and not the other way round", () => {
    expect(hostCovers("*.com", "*.foo.com")).toBe(true);
    expect(hostCovers("*.foo.com", "*.com")).toBe(false);
    expect(hostCovers("a.com", "*.com")).toBe(false);
  });
});

describe("addresses", () => {
  it.each(["1.2.3.4", "::1", "2001:db8::1"])("%s is one", (text) => {
    expect(isIpAddress(text)).toBe(true);
  });

  it.each(["1.2.3", "10.0.0.300", "a", "01.2.3.4", "1.2.3.4/8"])("%s is none", (text) => {
    expect(isIpAddress(text)).toBe(false);
  });

  it.each([
    ["10.0.0.0/8", true],
    ["2001:db8::/32", true],
    ["10.0.0.0/33", false],
    ["10.0.0.0/08", false],
    ["10.0.0.0", false],
  ])("%s is a range: %s", (text, valid) => {
    expect(isCidr(text)).toBe(valid);
  });
});

describe("URLs", () => {
  it.each([
    ["https://a.com/b?c#d", "https", "https"],
    ["OCI://a:80/b", "oci", "oci"],
    ["a.com/b", "", "http"],
    ["a.com:80/b", "a.com", "a.com"],
    ["/a b/{c}", "", ""],
    ["http://[::1]:80/", "http", "http"],
    ["http://a b/", undefined, "http"],
    ["http://[a]/", undefined, "http"],
    ["http://a:b/", undefined, "http"],
    ["http://a/%zz", undefined, undefined],
    [":a", undefined, undefined],
    ["a[b]", "", undefined],
    ["a\nb", undefined, undefined],
  ])("of %j, the scheme is %s, and %s where it is absolute or begins with a host", (url, scheme, absolute) => {
    expect(schemeOf(url)).toBe(scheme);
    expect(absoluteSchemeOf(url)).toBe(absolute);
  });
});

describe("expressions of CEL", () => {
  it.each([
    "response.code >= 400",
    "has(request.auth) && request.url_path.startsWith('/a')",
    'a ? "b" : c[1].d',
    "!(x in [1, 2.5, -3])",
    "{'a': 1}.a == 1 || Message{field: r'\\d'}.field != b''",
    "list.all(x, x > 0)",
    "1e3 > .5e-2 + 0xaU",
    "a // or // b\n== 1 // c",
    "[1,] == [,]",
    "{'a': 1,} != {}",
    "!!a && --1 < !-1",
    "x.map(y, y) && has(a.b)",
    "-9223372036854775808 < 18446744073709551615u",
    "r'\\' + br\"\\d\"",
  ])("takes %s", (text) => {
    expect(celProblem(text)).toBeUndefined();
  });

  it.each([
    "",
    "response.code >",
    "a ==",
    "(a",
    "a b",
    "'open",
    "a ? b",
    "[1, 2",
    "a..b",
    "#",
    "!-a",
    "f(a,)",
    "a.in",
    "for",
    "has(a)",
    "x.all(1, y)",
    "9223372036854775808",
    "1e400",
    "'\\q'",
    "a[0]{}",
    "rb'a'",
  ])("refuses %s", (text) => {
    expect(celProblem(text)).toBeTypeOf("string");
  });
});

describe("suggest", () => {
  it.each([
    ["retires", ["retries", "route", "timeout"], "retries"],
    ["time_out", ["timeout", "retries"], "timeout"],
    ["Fault", ["fault", "route"], "fault"],
    ["zzz", ["fault", "route"], undefined],
    ["x", ["fault", "route"], undefined],
  ])("%s of %j is %s", (word, words, meant) => {
    expect(suggest(word, words)).toBe(meant);
  });
});
