import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import type { Cursor } from "../workloads/cursor.ts";

interface Context {
  readonly folder: string;
  readonly objects: readonly KubeObject[];
  readonly files: string[];
}

/** The ConfigMaps that configMapGenerator makes, from literals, files and env files; `behavior: merge` adds to an existing one. */
export function generateConfigMaps(kustomization: Cursor, context: Context): KubeObject[] {
  return kustomization
    .get("configMapGenerator")
    .items()
    .flatMap((entry) => {
      entry.only(["name", "namespace", "behavior", "literals", "files", "envs", "options"]);
      const name = entry.get("name").required(entry.get("name").string());
      return name ? [generate(entry, name, context)] : [];
    });
}

function generate(entry: Cursor, name: string, context: Context): KubeObject {
  const data = {
    ...readLiterals(entry.get("literals")),
    ...readEnvFiles(entry.get("envs"), context),
    ...readFiles(entry.get("files"), context),
  };
  const namespace = entry.get("namespace").string();
  const existing = context.objects.find(
    ({ kind, metadata }) =>
      kind === "ConfigMap" && metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  const before = entry.get("behavior").string() === "merge" && isRecord(existing?.raw) ? existing.raw["data"] : {};
  const metadata = {
    name,
    namespace: namespace ?? existing?.metadata.namespace ?? commonNamespace(context.objects),
    labels: {},
    annotations: {},
  };
  const raw = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { ...(isRecord(before) ? before : {}), ...data } };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    spec: undefined,
    raw,
    source: existing?.source ?? entry.source,
  };
}

/** Where a ConfigMap goes that names no namespace: beside the Deployments when they agree. */
function commonNamespace(objects: readonly KubeObject[]): string {
  const namespaces = new Set(
    objects.filter(({ kind }) => kind === "Deployment").map(({ metadata }) => metadata.namespace),
  );
  const [only] = namespaces;
  return namespaces.size === 1 && only ? only : "default";
}

function readLiterals(at: Cursor): Record<string, string> {
  const data: Record<string, string> = {};
  for (const item of at.items()) {
    const [key, value] = split(item.string() ?? "");
    if (value === undefined) item.refuse('must be "key=value"');
    else data[key] = value.replace(/^(["'])(.*)\1$/s, "$2");
  }
  return data;
}

function readFiles(at: Cursor, context: Context): Record<string, string> {
  const data: Record<string, string> = {};
  for (const item of at.items()) {
    const [first, second] = split(item.string() ?? "");
    const text = readText(item, join(context.folder, second ?? first), context);
    if (text !== undefined) data[second === undefined ? basename(first) : first] = text;
  }
  return data;
}

function readEnvFiles(at: Cursor, context: Context): Record<string, string> {
  const data: Record<string, string> = {};
  for (const item of at.items()) {
    const text = readText(item, join(context.folder, item.string() ?? ""), context) ?? "";
    for (const line of text.split("\n").map((part) => part.trim())) {
      const [key, value] = split(line);
      if (line !== "" && !line.startsWith("#") && value !== undefined) data[key] = value;
    }
  }
  return data;
}

function readText(at: Cursor, file: string, context: Context): string | undefined {
  if (!existsSync(file)) {
    at.refuse(`names ${file}, which does not exist`);
    return undefined;
  }
  context.files.push(file);
  return readFileSync(file, "utf8");
}

function split(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
