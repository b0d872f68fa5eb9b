import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { codes, type Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { loadFiles } from "#mesh/istio/load.ts";
import { Source } from "#mesh/istio/source.ts";
import { readDocument, splitDocuments } from "#mesh/istio/yaml.ts";
import { Cursor } from "../workloads/cursor.ts";
import { generateConfigMaps } from "./config-map-generator.ts";
import { overlay, withContent } from "./object-set.ts";
import { applyPatches } from "./patches.ts";

export interface Built {
  readonly objects: KubeObject[];
  readonly findings: Finding[];
  /** Every file that was read. */
  readonly files: string[];
}

const supported = [
  ...["apiVersion", "kind", "metadata", "resources", "components", "patches", "patchesStrategicMerge"],
  ...["patchesJson6902", "configMapGenerator", "generatorOptions", "images", "replicas", "namespace"],
];

/**
 * What `kustomize build` makes of a folder, for the part of kustomize that overlays need: resources, components, patches,
 * configMapGenerator (without the hash in the name: what refers to the ConfigMap is restarted anyway), images, replicas,
 * namespace. Anything else is a finding of severity error. Never throws.
 */
export function buildKustomization(folder: string): Built {
  const built: Built = { objects: [], findings: [], files: [] };
  accumulate(folder, built, []);
  return built;
}

/** The kustomization file of a folder; undefined when it has none. */
export function kustomizationIn(folder: string): string | undefined {
  return ["kustomization.yaml", "kustomization.yml", "Kustomization"]
    .map((name) => join(folder, name))
    .find((file) => existsSync(file));
}

function accumulate(folder: string, built: Built, parents: readonly string[]): void {
  const at = open(folder, built);
  if (!at) return;
  if (parents.includes(resolve(folder))) {
    at.refuse(`includes itself: ${[...parents, folder].map(short).join(" -> ")}`);
    return;
  }
  const inside = [...parents, resolve(folder)];
  for (const key of at.map() ?? []) {
    if (supported.includes(key)) continue;
    at.get(key).report("M930", "error", "is not supported here", `supported are ${supported.slice(3).join(", ")}`);
  }
  for (const resource of at.get("resources").items()) addResource(resource, { folder, built, parents: inside });
  for (const component of at.get("components").items()) {
    const path = component.string();
    if (path) accumulate(join(folder, path), built, inside);
  }
  const generated = generateConfigMaps(at, { folder, objects: built.objects, files: built.files });
  replaceAll(built, overlay(built.objects, generated));
  replaceAll(built, applyPatches(at, { folder, objects: built.objects, findings: built.findings, files: built.files }));
  setImages(at, built);
  setReplicas(at, built);
  setNamespace(at, built);
}

function open(folder: string, built: Built): Cursor | undefined {
  const file = kustomizationIn(folder);
  if (!file) {
    const message = `${short(folder)} has no kustomization.yaml`;
    const hint = "name a folder that has one";
    built.findings.push({ ...codes.unreadable, file: folder, line: 1, column: 1, path: "", message, hint });
    return undefined;
  }
  built.files.push(file);
  const [document] = splitDocuments(readFileSync(file, "utf8"), short(file));
  if (!document) return undefined;
  const { value, errors } = readDocument(document);
  for (const { at, message, hint } of errors) {
    built.findings.push({ ...codes.unreadable, file: document.file, ...at, path: "", message, hint });
  }
  return new Cursor(toObject(value, folder, new Source(document)), built.findings);
}

function toObject(raw: unknown, folder: string, source: Source): KubeObject {
  const metadata = { name: basename(resolve(folder)), namespace: "", labels: {}, annotations: {} };
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    metadata,
    spec: undefined,
    raw,
    source,
  };
}

function addResource(at: Cursor, of: { folder: string; built: Built; parents: readonly string[] }): void {
  const path = at.string();
  if (!path) return;
  const target = join(of.folder, path);
  if (/^[a-z+]+:\/\/|^git@|^github\.com\//.test(path)) at.refuse("is remote, which is not supported here");
  else if (!existsSync(target)) at.refuse(`names ${short(target)}, which does not exist`);
  else if (statSync(target).isDirectory()) accumulate(target, of.built, of.parents);
  else addFile(target, of.built);
}

function addFile(target: string, built: Built): void {
  const { objects, findings } = loadFiles([short(target)]);
  built.files.push(target);
  built.findings.push(...findings);
  replaceAll(built, overlay(built.objects, objects));
}

function setImages(at: Cursor, built: Built): void {
  for (const image of at.get("images").items()) {
    const name = image.get("name").string();
    const newName = image.get("newName").string() ?? name;
    const tag = image.get("newTag").string();
    const digest = image.get("digest").string();
    const wanted = `${newName}${tag ? `:${tag}` : ""}${digest ? `@${digest}` : ""}`;
    const rename = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(rename);
      if (!isRecord(value)) return value;
      const { image: current } = value;
      const changed = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, rename(part)]));
      const matches = typeof current === "string" && current.replace(/@.*$/, "").replace(/:[^:/]*$/, "") === name;
      return matches ? { ...changed, image: wanted } : changed;
    };
    replaceAll(
      built,
      built.objects.map((object) => withContent(object, rename(object.raw) as Record<string, unknown>)),
    );
  }
}

function setReplicas(at: Cursor, built: Built): void {
  for (const entry of at.get("replicas").items()) {
    const name = entry.get("name").string();
    const count = entry.get("count").integer(0);
    if (count === undefined) continue;
    const found = built.objects.filter(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
    if (found.length === 0) entry.refuse(`names no Deployment: ${name}`);
    const scaled = found.map((object) => {
      const raw = object.raw as Record<string, unknown>;
      return withContent(object, { ...raw, spec: { ...(isRecord(raw["spec"]) ? raw["spec"] : {}), replicas: count } });
    });
    replaceAll(built, overlay(built.objects, scaled));
  }
}

function setNamespace(at: Cursor, built: Built): void {
  const namespace = at.get("namespace").string();
  if (!namespace) return;
  const moved = built.objects.map((object) => {
    const raw = object.raw as Record<string, unknown>;
    const metadata = isRecord(raw["metadata"]) ? raw["metadata"] : {};
    if (object.kind === "Namespace") return withContent(object, { ...raw, metadata: { ...metadata, name: namespace } });
    if (object.metadata.namespace === "") return object;
    return withContent(object, { ...raw, metadata: { ...metadata, namespace } });
  });
  replaceAll(built, moved);
}

function replaceAll(built: Built, objects: readonly KubeObject[]): void {
  built.objects.splice(0, built.objects.length, ...objects);
}

/** Relative to where we are, when that is shorter. */
function short(path: string): string {
  const near = relative(process.cwd(), resolve(path));
  return near.startsWith("..") || near === "" ? resolve(path) : near;
}
