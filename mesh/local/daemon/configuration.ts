import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import { readDocument, splitDocuments } from "#mesh/istio/yaml.ts";
import { buildKustomization, kustomizationIn } from "../kustomize/build.ts";
import { identityOf, overlay } from "../kustomize/object-set.ts";
import { type Artifact, readWorkloads } from "../workloads/read-workloads.ts";
import type { Workload } from "../workloads/workload.ts";

/** Everything the repository's YAML says, and what is wrong with it. */
export interface Configuration {
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly Workload[];
  readonly findings: readonly Finding[];
}

/** Objects that a cluster would refuse to take: findings of severity error keep their old state in force. */
export type Validate = (objects: readonly KubeObject[]) => Finding[];

interface Unit {
  readonly objects: readonly KubeObject[];
  readonly findings: readonly Finding[];
}

/**
 * Reads istio/ and services/ of the repository we stand in. What cannot be read, and what a cluster would refuse, keeps the state it
 * had when it was last right; at the first reading it is left out.
 */
export class ConfigurationReader {
  readonly #validate: Validate;
  readonly #good = new Map<string, readonly KubeObject[]>();
  #admitted = new Map<string, KubeObject>();

  constructor(validate: Validate) {
    this.#validate = validate;
  }

  /** `overlays`: folders that `mesh apply -k` put in force, later ones over earlier ones. */
  read(overlays: readonly string[]): Configuration {
    const findings: Finding[] = [];
    let objects: readonly KubeObject[] = [];
    for (const unit of [...istioUnits(), ...systemUnits(), ...overlays.map(kustomizeUnit)]) {
      const { objects: read, findings: found } = unit.load();
      findings.push(...found);
      const broken = found.some(({ severity }) => severity === "error");
      if (!broken) this.#good.set(unit.name, read);
      objects = overlay(objects, (broken ? this.#good.get(unit.name) : undefined) ?? read);
    }
    const admitted = this.#admit(objects, findings);
    const { workloads, findings: more } = readWorkloads(admitted, readArtifacts());
    return { objects: admitted, workloads, findings: [...findings, ...more] };
  }

  /** What is wrong with an overlay, before it is put in force. */
  check(folder: string): Finding[] {
    const { objects, findings } = kustomizeUnit(folder).load();
    return [...findings, ...this.#validate(objects), ...readWorkloads(objects, readArtifacts()).findings];
  }

  #admit(objects: readonly KubeObject[], findings: Finding[]): KubeObject[] {
    const refused = new Set<KubeObject>();
    for (const finding of this.#validate(objects)) {
      findings.push(finding);
      if (finding.severity !== "error") continue;
      const at = objectAt(objects, finding);
      if (at) refused.add(at);
    }
    const admitted = objects.flatMap((object) => {
      if (!refused.has(object)) return [object];
      return this.#admitted.get(identityOf(object)) ?? [];
    });
    this.#admitted = new Map(admitted.map((object) => [identityOf(object), object]));
    return admitted;
  }
}

interface Loader {
  readonly name: string;
  load(): Unit;
}

function istioUnits(): Loader[] {
  return globSync("istio/**/*.{yaml,yml}")
    .sort()
    .map((file) => ({ name: file, load: () => loadFiles([file]) }));
}

/** A system's folder is what skaffold deploys: its kustomization, or the k8s.yaml of each service. */
function systemUnits(): Loader[] {
  if (!existsSync("services")) return [];
  const systems = readdirSync("services", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return systems.map(({ name }) => {
    const folder = join("services", name);
    if (kustomizationIn(folder)) return kustomizeUnit(folder);
    const files = [...globSync(`${folder}/k8s.yaml`), ...globSync(`${folder}/*/k8s.yaml`)].sort();
    return { name: folder, load: () => loadFiles(files) };
  });
}

function kustomizeUnit(folder: string): Loader {
  return { name: folder, load: () => buildKustomization(folder) };
}

/** The last object that starts at or before the finding, in its file. */
function objectAt(objects: readonly KubeObject[], finding: Finding): KubeObject | undefined {
  return objects
    .filter(({ source }) => source.file === finding.file && source.locate([]).line <= finding.line)
    .toSorted((a, b) => a.source.locate([]).line - b.source.locate([]).line)
    .at(-1);
}

/** Images and their contexts from skaffold.yaml. */
function readArtifacts(): Artifact[] {
  if (!existsSync("skaffold.yaml")) return [];
  return splitDocuments(readFileSync("skaffold.yaml", "utf8"), "skaffold.yaml").flatMap((document) => {
    const { value } = readDocument(document);
    const build = isRecord(value) && isRecord(value["build"]) ? value["build"] : {};
    const artifacts = Array.isArray(build["artifacts"]) ? build["artifacts"].filter(isRecord) : [];
    return artifacts.map(({ image, context }) => ({ image: String(image), context: String(context ?? ".") }));
  });
}
