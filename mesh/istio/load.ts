import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codes, type Finding, findingAt, formatPath } from "./finding.ts";
import { isRecord, type KubeObject } from "./kube-object.ts";
import { type DocumentText, type Path, Source } from "./source.ts";
import { readDocument, splitDocuments } from "./yaml.ts";

export interface Loaded {
  objects: KubeObject[];
  findings: Finding[];
}

/** Files of the tools around Kubernetes, which are no objects for the cluster. */
const toolFiles = new Set(["kustomization.yaml", "kustomization.yml", "skaffold.yaml", "skaffold.yml"]);

const clusterScoped = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "StorageClass",
  "PriorityClass",
  "GatewayClass",
  "IngressClass",
]);

/**
 * Reads Kubernetes objects from files, and from every `*.yaml` and `*.yml` under folders, in the order of their names; tests of
 * policies (`*.test.yaml`) are passed over. Never throws: what cannot be read is a finding, and everything else is still there.
 */
export function loadFiles(paths: string[]): Loaded {
  const loaded: Loaded = { objects: [], findings: [] };
  for (const path of paths) {
    for (const file of listFiles(path, loaded.findings)) {
      const { objects, findings } = loadFile(file);
      for (const object of objects) loaded.objects.push(object);
      for (const finding of findings) loaded.findings.push(finding);
    }
  }
  return loaded;
}

/** Reads the Kubernetes objects of one text; `file` is what findings call it. Never throws. */
export function loadText(text: string, file: string): Loaded {
  const loaded: Loaded = { objects: [], findings: [] };
  for (const document of splitDocuments(text, file)) {
    const { value, errors } = readDocument(document);
    for (const { at, message, hint } of errors) {
      loaded.findings.push({ ...codes.unreadable, file, ...at, path: "", message, hint });
    }
    if (value !== undefined && value !== null) {
      addObjects(value, { document, prefix: [], source: new Source(document), loaded });
    }
  }
  return loaded;
}

interface Place {
  document: DocumentText;
  prefix: Path;
  source: Source;
  loaded: Loaded;
}

function addObjects(value: unknown, place: Place): void {
  const { source, loaded } = place;
  const wrong = whyNoObject(value);
  if (isForeign(value)) {
    const message = "the document has neither apiVersion nor kind: it is not for Kubernetes, and is passed over";
    loaded.findings.push(findingAt(source, [], { problem: "foreign", message, hint: objectHint }));
  } else if (wrong || !isRecord(value)) {
    loaded.findings.push(findingAt(source, [], { problem: "notAnObject", message: wrong, hint: objectHint }));
  } else if (Array.isArray(value["items"]) && String(value["kind"]).endsWith("List")) {
    addItems(value["items"], place);
  } else {
    loaded.objects.push(toObject(value, source, loaded.findings));
  }
}

const objectHint = "write apiVersion, kind and metadata.name as text (in quotes if they look like numbers)";

/** Values of a Helm chart, a playbook, an OpenAPI document: a repository has more YAML than Kubernetes'. */
function isForeign(value: unknown): boolean {
  if (!isRecord(value)) return Array.isArray(value);
  return value["apiVersion"] === undefined && value["kind"] === undefined;
}

function whyNoObject(value: unknown): string {
  if (!isRecord(value)) return "the document is not an object";
  const { apiVersion, kind, metadata, items } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || kind === "") {
    return "the document has no apiVersion and kind, or they are not text";
  }
  if (kind === "List") return Array.isArray(items) ? "" : "the List has no items";
  if (kind.endsWith("List") && Array.isArray(items)) return "";
  const name = isRecord(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" && name !== "" ? "" : `${kind} has no metadata.name, or it is not text`;
}

function toObject(value: Record<string, unknown>, source: Source, findings: Finding[]): KubeObject {
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const kind = String(value["kind"]);
  return {
    apiVersion: String(value["apiVersion"]),
    kind,
    metadata: {
      name: String(metadata["name"]),
      namespace: readNamespace(metadata["namespace"], kind),
      labels: readTexts(metadata["labels"], ["metadata", "labels"], { source, findings }),
      annotations: readTexts(metadata["annotations"], ["metadata", "annotations"], { source, findings }),
    },
    spec: value["spec"],
    raw: value,
    source,
  };
}

function addItems(items: unknown[], place: Place): void {
  items.forEach((item, index) => {
    const prefix = [...place.prefix, "items", index];
    addObjects(item, { ...place, prefix, source: new Source(place.document, prefix) });
  });
}

function readNamespace(value: unknown, kind: string): string {
  if (clusterScoped.has(kind)) return "";
  return typeof value === "string" && value !== "" ? value : "default";
}

interface Reading {
  source: Source;
  findings: Finding[];
}

/** Labels and annotations: Kubernetes refuses a value that is not text, so an unquoted number or boolean is a finding. */
function readTexts(value: unknown, path: Path, { source, findings }: Reading): Record<string, string> {
  const texts: Record<string, string> = {};
  if (value === undefined || value === null) return texts;
  const problem = "wrongType";
  if (!isRecord(value)) {
    const message = `${formatPath(path)} is not a map of text`;
    findings.push(findingAt(source, path, { problem, message, hint: "write `key: value` lines" }));
    return texts;
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === "string") texts[key] = text;
    else {
      const message = `${formatPath([...path, key])} is not text, and Kubernetes refuses it`;
      findings.push(
        findingAt(source, [...path, key], { problem, message, hint: `quote the value: "${String(text)}"` }),
      );
      if (typeof text !== "object") texts[key] = String(text);
    }
  }
  return texts;
}

function loadFile(file: string): Loaded {
  try {
    return loadText(readFileSync(file, "utf8"), file);
  } catch (error) {
    return { objects: [], findings: [unreadable(file, error)] };
  }
}

function listFiles(path: string, findings: Finding[]): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules" && !toolFiles.has(entry.name))
      .filter((entry) => entry.isDirectory() || /(?<!\.test)\.ya?ml$/.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) =>
        entry.isDirectory() ? listFiles(join(path, entry.name), findings) : [join(path, entry.name)],
      );
  } catch (error) {
    findings.push(unreadable(path, error));
    return [];
  }
}

function unreadable(file: string, error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const hint = "check that the path exists and can be read";
  return { ...codes.unreadable, file, line: 1, column: 1, path: "", message, hint };
}
