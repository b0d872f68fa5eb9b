// Generates what is not committed, each part only when its inputs changed: TypeScript and descriptors from proto/, and Prisma
// clients from services/*/*/schema.prisma. Everything goes to gen/.
//
//   node scripts/gen.ts            generate what is out of date
//   node scripts/gen.ts --check    fail if something is out of date
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { writeEnvoyDescriptors } from "./envoy-descriptors.ts";

interface Part {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  run(): void;
}

const root = join(import.meta.dirname, "..");
process.chdir(root);
const bin = join(root, "node_modules", ".bin");
const env = {
  ...process.env,
  PATH: `${bin}:${process.env["PATH"]}`,
  // `prisma generate` never runs the schema engine, but would download it.
  PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
};

const parts: readonly Part[] = [protos(), envoy(), ...prismaClients()];
const stale = parts.filter((part) => !isCurrent(part));
if (process.argv.includes("--check")) {
  for (const part of stale) console.error(`gen/: ${part.name} is out of date; run "make gen"`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const part of stale) {
  part.run();
  mkdirSync(dirname(stampOf(part)), { recursive: true });
  writeFileSync(stampOf(part), hashOf(part));
  console.log(`generated ${part.name}`);
}

function protos(): Part {
  return {
    name: "proto",
    inputs: [...globSync("proto/**/*.proto").sort(), "buf.yaml", "buf.gen.yaml"],
    output: "gen/proto",
    run() {
      execute("buf", ["generate"]);
      execute("buf", ["build", "--as-file-descriptor-set", "-o", "gen/image.binpb"]);
      writeSystemDescriptors("gen/image.binpb");
    },
  };
}

function envoy(): Part {
  const output = "gen/envoy.binpb";
  return {
    name: "envoy",
    inputs: ["scripts/envoy-descriptors.ts"],
    output,
    run() {
      mkdirSync(dirname(output), { recursive: true });
      writeEnvoyDescriptors(output, join(bin, "buf"));
    },
  };
}

function prismaClients(): Part[] {
  return globSync("services/*/*/schema.prisma")
    .sort()
    .map((schema) => {
      const [, system, service] = schema.split("/");
      const output = `gen/prisma/${system}/${service}`;
      return {
        name: `prisma ${system}/${service}`,
        inputs: [schema],
        output,
        run() {
          rmSync(output, { recursive: true, force: true });
          execute("prisma", ["generate", "--no-hints", "--schema", schema]);
        },
      };
    });
}

/** One descriptor set a system, as Envoy's transcoder wants it: the system's files, what they import, and the error details. */
function writeSystemDescriptors(image: string): void {
  const all = fromBinary(FileDescriptorSetSchema, readFileSync(image));
  const byName = new Map(all.file.map((file) => [file.name, file]));
  const systems = new Set(globSync("proto/*/*/v1").map((path) => path.split("/")[1]));
  mkdirSync("gen/descriptors", { recursive: true });
  for (const system of systems) {
    const wanted = new Set<FileDescriptorProto>();
    for (const file of all.file) if (file.name.startsWith(`${system}/`)) collect(file.name, byName, wanted);
    collect("google/rpc/error_details.proto", byName, wanted);
    collect("google/rpc/status.proto", byName, wanted);
    const set: FileDescriptorSet = create(FileDescriptorSetSchema, {
      file: all.file.filter((file) => wanted.has(file)),
    });
    writeFileSync(`gen/descriptors/${system}.binpb`, toBinary(FileDescriptorSetSchema, set));
  }
}

function collect(name: string, byName: Map<string, FileDescriptorProto>, into: Set<FileDescriptorProto>): void {
  const file = byName.get(name);
  if (!file || into.has(file)) return;
  into.add(file);
  for (const dependency of file.dependency) collect(dependency, byName, into);
}

function isCurrent(part: Part): boolean {
  return existsSync(part.output) && existsSync(stampOf(part)) && readFileSync(stampOf(part), "utf8") === hashOf(part);
}

function stampOf(part: Part): string {
  return `gen/.stamps/${part.name.replaceAll(/[ /]/g, "-")}`;
}

function hashOf(part: Part): string {
  const hash = createHash("sha256");
  for (const input of [...part.inputs, "scripts/gen.ts", "package-lock.json"]) {
    hash.update(input).update("\0");
    if (existsSync(input)) hash.update(readFileSync(input));
  }
  return hash.digest("hex");
}

function execute(command: string, args: string[]): void {
  try {
    execFileSync(join(bin, command), args, { env, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? `${error.stderr}` : String(error);
    console.error(`${command} ${args.join(" ")} failed:\n${output}`);
    process.exit(1);
  }
}
