// Builds the peers in production mode: installs what they need (npm ci, once a lock file), generates their Prisma clients, checks their
// types and bundles each with esbuild, which also turns the decorators into JavaScript; Node's type stripping does not. Packages stay outside
// of the bundle, as in `nest build`.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

export const peerNames = ["order", "pay", "product"] as const;
export type PeerName = (typeof peerNames)[number];

const here = import.meta.dirname;
const repository = join(here, "..", "..");

/** Builds all peers. @returns the JavaScript of each */
export function buildPeers(): Record<PeerName, string> {
  install();
  for (const name of peerNames) generateClient(name);
  run("tsc", ["-p", here]);
  const dist = join(here, "dist");
  rmSync(dist, { recursive: true, force: true });
  // In a process of its own: the bundler of our services stops esbuild's shared one when it has nothing to build for a while.
  buildSync({
    entryPoints: peerNames.map((name) => ({ in: join(here, "src", name, "main.ts"), out: name })),
    outdir: dist,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    alias: { "#mesh": join(repository, "mesh"), "#gen": join(repository, "gen") },
    platform: "node",
    format: "esm",
    target: "node24",
    keepNames: true,
    sourcemap: true,
    tsconfig: join(here, "tsconfig.json"),
    logLevel: "warning",
  });
  return { order: join(dist, "order.mjs"), pay: join(dist, "pay.mjs"), product: join(dist, "product.mjs") };
}

function install(): void {
  const installed = join(here, "node_modules", ".package-lock.json");
  const lock = statSync(join(here, "package-lock.json")).mtimeMs;
  if (existsSync(installed) && statSync(installed).mtimeMs >= lock) return;
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: here, stdio: "inherit" });
}

/** The Prisma client over the tables that mall's service has, by its own schema, and those of the run time. */
function generateClient(name: PeerName): void {
  const folder = join(repository, "gen", "prisma", "peers");
  const schema = join(folder, `${name}.prisma`);
  const text = schemaOf(name);
  if (existsSync(schema) && readFileSync(schema, "utf8") === text && existsSync(join(folder, name))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(schema, text);
  run("prisma", ["generate", "--no-hints", "--schema", schema]);
}

function schemaOf(name: PeerName): string {
  const own = readFileSync(join(repository, "services", "mall", name, "schema.prisma"), "utf8")
    .replace(/^( *output *= *).*$/m, `$1"./${name}"`)
    .replace(/^( *provider *= *"postgresql")$/m, '$1\n  schemas = ["public", "mesh"]')
    .replaceAll(/^( *)(@@map\(.*\))$/gm, '$1$2\n$1@@schema("public")');
  return own + readFileSync(join(here, "prisma", "mesh.prisma"), "utf8");
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true" };
  const path = join(repository, "node_modules", ".bin", command);
  try {
    execFileSync(path, args, { cwd: repository, env, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}
