import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "cli", "main.ts");

const policy = (timeout: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [a], http: [{timeout: ${timeout}, route: [{destination: {host: a}}]}]}
`;

test("compares a commit with the working folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-diff-"));
  try {
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], { cwd: folder });
    mkdirSync(join(folder, "istio", "tests"), { recursive: true });
    writeFileSync(join(folder, "istio", "a.yaml"), policy("1s"));
    writeFileSync(join(folder, "istio", "tests", "a.test.yaml"), "not: [yaml");
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "first");
    writeFileSync(join(folder, "istio", "a.yaml"), policy("2s"));
    const difference = JSON.parse(mesh(folder, "git:HEAD:istio", "istio", "--json"));
    expect(difference.objects).toMatchObject([
      {
        name: "a",
        fields: [{ path: "spec.http[0].timeout", beforeAt: "HEAD:istio/a.yaml:4", afterAt: "istio/a.yaml:4" }],
      },
    ]);
    expect(difference.effects.map(({ callee }: { callee: string }) => callee)).toEqual([
      "a.shop.svc.cluster.local:50051",
    ]);
    expect(mesh(folder, "istio", "istio")).toBe("nothing changes\n");
    expect(() => mesh(folder, "git:nowhere:istio", "istio")).toThrow(/nowhere/);
    expect(() => mesh(folder, "missing", "istio")).toThrow(/missing: no such file or folder/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function mesh(cwd: string, ...args: string[]): string {
  return execFileSync(process.execPath, [main, "diff", ...args], { cwd, encoding: "utf8", stdio: "pipe" });
}
