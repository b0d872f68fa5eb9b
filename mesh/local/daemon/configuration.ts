import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import { readDocument, splitDocuments } from "#mesh/istio/yaml.ts";
import { buildKustomization, kustomizationIn } from "../kustomize/build.ts";
import { overlay } from "../kustomize/object-set.ts";
import { type Artifact, readWorkloads } from "../workloads/read-workloads.ts";
import type { Workload } from "../workloads/workload.ts";
import { Admission, review } from "./admission.ts";

/** Everything the repository's YAML says, and what is wrong with it. */
export interface Configuration {
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly Workload[];
  readonly findings: readonly Finding[];
}

interface Unit {
  readonly objects: readonly KubeObject[];
  readonly findings: readonly Finding[];
}

/**
 * Reads istio/ and services/ of the repository we stand in. What cannot be read, and what a cluster would refuse, keeps the state it
 * had when it was last right; at the first reading it is left out.
 */
export class ConfigurationReader {
  readonly #admission = new Admission();
  readonly #good = new Map<string, readonly KubeObject[]>();

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
    const admitted = this.#admission.admit(objects);
    const { workloads, findings: more } = readWorkloads(admitted.objects, readArtifacts());
    return { objects: admitted.objects, workloads, findings: [...findings, ...admitted.findings, ...more] };
  }

  /** What is wrong with an overlay, before it is put in force. */
  check(folder: string): Finding[] {
    const { objects, findings } = kustomizeUnit(folder).load();
    return [...findings, ...review(objects).findings, ...readWorkloads(objects, readArtifacts()).findings];
  }
}

interface Loader {
  readonly name: string;
  load(): Unit;
}

function istioUnits(): Loader[] {
  return globSync("istio/**/*.{yaml,yml}")
    .filter((file) => !/\.test\.ya?ml$/.test(file)) // Tests of `mesh test` stand beside the policies.
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
