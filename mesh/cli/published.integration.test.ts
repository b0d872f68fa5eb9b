import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The oldest Node of this machine besides ours, so that what only Node 24 can do is noticed. */
const otherNodes = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules") && existsSync(join(folder, "node")));
const npm = otherNodes.find((folder) => existsSync(join(folder, "npm"))) ?? dirname(process.execPath);

const mistake = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product}
spec:
  hosts: [product]
  http:
    - route: [{destination: {host: product}}]
      timeout: 0s
`;

describe("the package that `npm pack` makes", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "published-"));
    const packed = join(folder, "packed");
    const project = join(folder, "project");
    mkdirSync(packed);
    mkdirSync(project);
    run(["pack", "--silent", "--pack-destination", packed], root);
    writeFileSync(join(project, "package.json"), "{}");
    const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    run(["install", "--offline", "--no-audit", "--no-fund", join(packed, `${name}-${version}.tgz`)], project);
    mkdirSync(join(project, "istio"));
    writeFileSync(join(project, "istio", "product.yaml"), mistake);
  }, 600_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function run(args: string[], cwd: string): string {
    const env = { ...process.env, PATH: `${npm}${delimiter}${process.env["PATH"]}` };
    return execFileSync(join(npm, "npm"), args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  it("needs no other package", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(manifest.dependencies, "add packages with npm install --save-dev --save-exact").toBeUndefined();
  });

  it("lints with `npx mesh`, in an empty folder and without a registry", () => {
    const args = ["exec", "--offline", "--", "mesh", "lint", "--json"];
    const printed = outputOf(() => run(args, join(folder, "project")));
    expect(JSON.parse(printed)).toContainEqual(
      expect.objectContaining({ code: "IST0106", file: "istio/product.yaml", line: 8, column: 7 }),
    );
  });

  it("has no demonstrations, and says so", () => {
    const demo = () => run(["exec", "--offline", "--", "mesh", "demo", "tword/T-4"], join(folder, "project"));
    expect(demo).toThrow(/the demonstrations run in the repository of Mainsheet/);
  });
});

/** What a command printed, whose exit status says that there are errors. */
function outputOf(command: () => string): string {
  try {
    return command();
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}
