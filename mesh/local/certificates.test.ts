import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openAuthority } from "./certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "mesh-ca-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const order = { namespace: "siren", serviceAccount: "order" };

it("issues workload certificates that carry the SPIFFE id and verify against the root", async () => {
  const authority = await openAuthority(join(folder, "a", "ca.pem"));
  const pair = await authority.issueWorkload(order, { ttlMs: 60_000 });
  const leaf = new X509Certificate(pair.certificate);
  const root = new X509Certificate(authority.root);
  expect(leaf.subjectAltName).toBe("URI:spiffe://cluster.local/ns/siren/sa/order");
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(root.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(Math.abs(leaf.validToDate.getTime() - Date.now() - 60_000)).toBeLessThan(5_000);
});

it("keeps its root through a restart, in a file nobody else can read", async () => {
  const file = join(folder, "b", "ca.pem");
  const first = await openAuthority(file);
  const second = await openAuthority(file);
  expect(second.root).toBe(first.root);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const leaf = new X509Certificate((await second.issueServer(["shop.example"])).certificate);
  expect(leaf.checkHost("shop.example")).toBe("shop.example");
});

it("starts over when the file is damaged", async () => {
  const file = join(folder, "c.pem");
  writeFileSync(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n");
  const authority = await openAuthority(file);
  expect(new X509Certificate((await authority.issueWorkload(order)).certificate).issuer).toContain("mainsheet");
});
