import { expect, test } from "vitest";
import { toJunit } from "./junit.ts";
import { toTap } from "./tap.ts";

const results = [
  { suite: "shop", file: "a.test.yaml", line: 4, name: "reads go to a", failures: [], tookMs: 12 },
  {
    suite: "shop",
    file: "a.test.yaml",
    line: 9,
    name: 'is "closed" #1',
    failures: ["got <b>", "and\u0007 c"],
    tookMs: 1500,
  },
];

test("writes TAP with the failures as YAML", () => {
  expect(toTap(results)).toBe(`TAP version 14
1..2
ok 1 - shop: reads go to a # time=12ms
not ok 2 - shop: is "closed" \\#1 # time=1500ms
  ---
  at: "a.test.yaml:9"
  failures:
    - "got <b>"
    - "and\\u0007 c"
  ...
`);
});

test("writes JUnit's XML, escaped", () => {
  expect(toJunit(results)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="1.512">
  <testsuite name="shop" tests="2" failures="1" errors="0" time="1.512">
    <testcase name="reads go to a" classname="shop" file="a.test.yaml" line="4" time="0.012"/>
    <testcase name="is &quot;closed&quot; #1" classname="shop" file="a.test.yaml" line="9" time="1.500">
      <failure message="got &lt;b&gt;">got &lt;b&gt;&#10;and c</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
});
