import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles, loadText } from "#mesh/istio/load.ts";

export interface Version {
  objects: KubeObject[];
  findings: Finding[];
}

const skipped = /(^|\/)(\.|node_modules\/|kustomization\.ya?ml$|skaffold\.ya?ml$)|\.test\.ya?ml$/;

/**
 * Reads one side of a comparison: a file, a folder, or `git:REF:PATH`, which is the file or folder as it was in a commit of the
 * repository around the working folder. Findings and positions name files of a commit as `REF:path`.
 *
 * @throws when there is no such path or commit; the message says what to write
 */
export function readVersion(text: string): Version {
  if (text.startsWith("git:")) return readCommit(text);
  if (!existsSync(text)) throw new Error(`${text}: no such file or folder (a commit is written git:HEAD~1:istio)`);
  return withoutTests(loadFiles([text]));
}

function readCommit(text: string): Version {
  const [, ref = "", path = "."] = /^git:([^:]+)(?::(.*))?$/.exec(text) ?? [];
  if (ref === "" || ref.startsWith("-")) throw new Error(`${text}: write git:REF:PATH, as in git:HEAD~1:istio`);
  const names = git(["ls-tree", "-r", "--name-only", "-z", ref, "--", path || "."]).split("\0");
  const files = names.filter((name) => /\.ya?ml$/.test(name) && !skipped.test(name)).sort();
  if (files.length === 0) throw new Error(`${text}: there is no YAML under ${path} in ${ref}`);
  const version: Version = { objects: [], findings: [] };
  for (const file of files) {
    const loaded = loadText(git(["show", `${ref}:./${file}`]), `${ref}:${file}`);
    version.objects.push(...loaded.objects);
    version.findings.push(...loaded.findings);
  }
  return version;
}

function withoutTests({ objects, findings }: Version): Version {
  const isTest = (file: string) => skipped.test(basename(file));
  return {
    objects: objects.filter(({ kind }) => kind !== "PolicyTest"),
    findings: findings.filter(({ file }) => !isTest(file)),
  };
}

function git(args: string[]): string {
  try {
    return execFileSync("git", args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`git ${args.join(" ")}: ${stderr}`);
  }
}
