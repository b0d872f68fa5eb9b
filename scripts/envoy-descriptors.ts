// Compiles the protos of Envoy's API, which the npm package @grpc/grpc-js-xds carries, into one descriptor set. They do not
// compile as they are: files of the retired v2 API import what is not there, and the package's copy of validate.proto is older
// than its users.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const modules = ["envoy-api", "googleapis", "protoc-gen-validate/validate:validate", "xds"] as const;

/** Text to put behind a line that occurs once in a file: what the package's copies lack and Envoy 1.40 has. */
const additions: readonly { file: string; after: string; text: string }[] = [
  { file: "validate/validate.proto", after: "message StringRules {", text: "optional bool ignore_empty = 26;" },
  {
    file: "envoy/config/cluster/v3/cluster.proto",
    after: "message Cluster {",
    text: "google.protobuf.Duration dns_jitter = 58;",
  },
];

export function envoyProtosFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@grpc/grpc-js-xds/package.json")), "deps");
}

/** Writes the FileDescriptorSet of Envoy's v3 API to `output`. */
export function writeEnvoyDescriptors(output: string, buf: string): void {
  const work = mkdtempSync(join(tmpdir(), "envoy-protos-"));
  try {
    for (const module of modules) {
      const [from, to] = module.split(":");
      cpSync(join(envoyProtosFolder(), from ?? module), join(work, to ?? ""), { recursive: true });
    }
    for (const addition of additions) insert(work, addition);
    const wanted = reachable(work);
    for (const file of globSync("**/*.proto", { cwd: work })) if (!wanted.has(file)) rmSync(join(work, file));
    writeFileSync(join(work, "buf.yaml"), "version: v2\n");
    const args = ["build", "--as-file-descriptor-set", "--exclude-source-info", "-o", resolve(output)];
    execFileSync(buf, args, { cwd: work, stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function insert(work: string, addition: { file: string; after: string; text: string }): void {
  const path = join(work, addition.file);
  const source = readFileSync(path, "utf8");
  const [before, after, ...more] = source.split(new RegExp(`^${RegExp.escape(addition.after)}[ \\r]*$`, "m"));
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${addition.file} has changed: "${addition.after}" is not there exactly once`);
  }
  writeFileSync(path, `${before}\n${addition.after}\n${addition.text}\n${after}`);
}

/** The v3 files whose imports all exist, and what they import. */
function reachable(work: string): Set<string> {
  const imports = new Map(globSync("**/*.proto", { cwd: work }).map((file) => [file, importsOf(join(work, file))]));
  for (let broken = brokenOf(imports); broken.length > 0; broken = brokenOf(imports)) {
    for (const file of broken) imports.delete(file);
  }
  const wanted = new Set<string>();
  const visit = (file: string): void => {
    if (wanted.has(file)) return;
    wanted.add(file);
    for (const imported of imports.get(file) ?? []) visit(imported);
  };
  for (const file of imports.keys()) if (/^(envoy|udpa|xds)\//.test(file) && !/\/v2[^/]*\//.test(file)) visit(file);
  return wanted;
}

function importsOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^import\s+(?:public\s+|weak\s+)?"([^"]+)"/gm)]
    .map((match) => match[1] ?? "")
    .filter((file) => !file.startsWith("google/protobuf/"));
}

function brokenOf(imports: ReadonlyMap<string, readonly string[]>): string[] {
  return [...imports].filter(([, needed]) => needed.some((file) => !imports.has(file))).map(([file]) => file);
}
