// Refuses a change of proto/ that breaks callers: against the last tag, or the previous commit where there is no tag.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const old = "gen/breaking";
const base = baseline();
if (base) check(base);
else console.log("buf breaking: no earlier commit has proto/, nothing to compare with");

function baseline(): string | undefined {
  const candidates = [tryGit("describe", "--tags", "--abbrev=0"), "HEAD~1", "HEAD"];
  return candidates.find((ref) => ref && tryGit("ls-tree", ref, "proto"));
}

function check(ref: string): void {
  rmSync(old, { recursive: true, force: true });
  mkdirSync(old, { recursive: true });
  const archive = execFileSync("git", ["archive", ref, "proto"], { maxBuffer: 1 << 28 });
  execFileSync("tar", ["-x", "-C", old], { input: archive });
  // The old contracts are compiled with today's third-party modules: those are not in git.
  const config = readFileSync("buf.yaml", "utf8").replace(/(?<=[ [])proto(?=[/\n])/g, `${old}/proto`);
  run("buf", ["build", "--config", config, "-o", join(old, "image.binpb")]);
  run("buf", ["breaking", "gen/image.binpb", "--against", join(old, "image.binpb")]);
}

function run(command: string, args: string[]): void {
  try {
    execFileSync(command, args, { stdio: "inherit" });
  } catch {
    process.exit(1);
  }
}

function tryGit(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}
