import { existsSync, globSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isRecord } from "#mesh/istio/kube-object.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { DemonstratedSystem, Demonstration } from "./demonstration.ts";

export interface Found {
  readonly system: string;
  readonly of: DemonstratedSystem;
  readonly demonstration: Demonstration;
}

/**
 * All demonstrations of the repository we stand in: what `services/<system>/demonstrations.ts` exports, in the order of its list.
 *
 * @throws Refusal when there is no such file
 */
export async function findDemonstrations(): Promise<Found[]> {
  const files = globSync("services/*/demonstrations.ts").sort();
  if (files.length === 0) {
    throw new Refusal(
      `there are no demonstrations: ${resolve("services")} ${existsSync("services") ? "has no" : "would hold them, as"} SYSTEM/demonstrations.ts`,
    );
  }
  const systems = await Promise.all(files.map(readSystem));
  return systems.flat();
}

/** @param name `tword/T-4` or `tword/circuit-breaker`. @throws Refusal that names what there is */
export function chooseDemonstration(found: readonly Found[], name: string): Found {
  const [system = "", wanted = ""] = name.split("/");
  const ofSystem = found.filter((each) => each.system === system);
  const chosen = ofSystem.find(
    ({ demonstration: { id, name } }) => id.toLowerCase() === wanted.toLowerCase() || name === wanted,
  );
  if (chosen) return chosen;
  const systems = [...new Set(found.map((each) => each.system))].join(", ");
  if (ofSystem.length === 0) throw new Refusal(`there are no demonstrations of "${system}"; there are of ${systems}`);
  const names = ofSystem.map(({ demonstration: { id, name } }) => `${system}/${id} (${name})`).join(", ");
  throw new Refusal(`"${name}" is no demonstration; there are ${names}`);
}

async function readSystem(file: string): Promise<Found[]> {
  const module: unknown = await import(pathToFileURL(resolve(file)).href);
  const of = isRecord(module) ? module["system"] : undefined;
  if (!isSystem(of)) throw new Refusal(`${file} exports no "system" with demonstrations, invariants and violations`);
  const system = file.split(/[\\/]/)[1] ?? "";
  return of.demonstrations.map((demonstration) => ({ system, of, demonstration }));
}

function isSystem(value: unknown): value is DemonstratedSystem {
  return isRecord(value) && "demonstrations" in value && "violations" in value && "invariants" in value;
}
