import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import type { Finding } from "#mesh/istio/finding.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import { showProgress } from "./progress.ts";
import { ask, enterRepository, meshCommand, refusing, type StateOption, statusOf } from "./running-mesh.ts";

interface ApplyOptions extends StateOption {
  readonly kustomize?: string;
  readonly remove?: string | true;
}

/** `mesh apply`: puts a kustomize overlay in force over the files, or takes it away. */
export function command(): Command {
  return meshCommand("apply", "put a kustomize overlay in force, or take it away again")
    .option("-k, --kustomize <dir>", "the overlay's folder, such as services/siren/overlays/chaos")
    .option("--remove [dir]", "take this overlay away; without a folder all of them")
    .action(refusing((options: ApplyOptions) => apply(options)));
}

async function apply(options: ApplyOptions): Promise<void> {
  const { kustomize, remove } = options;
  if ((kustomize === undefined) === (remove === undefined)) throw new Refusal("say either -k DIR or --remove [DIR]");
  const folders = [kustomize, remove].map((path) => (typeof path === "string" ? resolve(path) : undefined));
  const state = enterRepository(options);
  const [added, removed] = folders.map((path) => path && (relative(process.cwd(), path) || "."));
  if (added) {
    if (!existsSync(added)) throw new Refusal(`${added} does not exist`);
    const { findings } = await ask<{ findings: Finding[] }>(state, "POST", "/apply", { folder: added });
    const errors = findings.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Refusal(errors.map(textOf).join("\n"));
  } else {
    const answer = await ask<{ removed: string[] }>(state, "POST", "/remove", removed ? { folder: removed } : {});
    process.stdout.write(
      answer.removed.length > 0 ? `removed ${answer.removed.join(", ")}\n` : "no overlay is in force\n",
    );
  }
  const problems = await showProgress(() => statusOf(state), { timeoutMs: 120_000 });
  if (problems.length > 0) throw new Refusal(problems.join("\n"));
  if (added) process.stdout.write(`${added} is in force\n`);
}

function textOf({ file, line, column, message, hint }: Finding): string {
  return `${file}:${line}:${column} ${message}${hint ? `; ${hint}` : ""}`;
}
