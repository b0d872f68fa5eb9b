import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { groupOf, isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { readDocument, splitDocuments } from "#mesh/istio/yaml.ts";
import type { Cursor } from "../workloads/cursor.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { withContent } from "./object-set.ts";
import { strategicMerge } from "./strategic-merge.ts";

interface Context {
  readonly folder: string;
  readonly objects: readonly KubeObject[];
  readonly findings: Finding[];
  readonly files: string[];
}

interface Patch {
  readonly at: Cursor;
  readonly content: unknown;
  readonly target: Target | undefined;
}

interface Target {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** `patches`, and the older patchesStrategicMerge and patchesJson6902. */
export function applyPatches(kustomization: Cursor, context: Context): KubeObject[] {
  let objects = [...context.objects];
  for (const patch of readPatches(kustomization, context)) objects = applyPatch(objects, patch);
  return objects;
}

function readPatches(kustomization: Cursor, context: Context): Patch[] {
  const modern = ["patches", "patchesJson6902"].flatMap((key) =>
    kustomization
      .get(key)
      .items()
      .flatMap((at) => {
        at.only(["path", "patch", "target"]);
        const path = at.get("path").string();
        const text =
          path === undefined ? at.get("patch").required(at.get("patch").string()) : readText(at, path, context);
        const target = at.get("target").present ? readTarget(at.get("target")) : undefined;
        return documentsOf(text, at).map((content) => ({ at, content, target }));
      }),
  );
  const older = kustomization
    .get("patchesStrategicMerge")
    .items()
    .flatMap((at) => {
      const item = at.string() ?? "";
      const text = item.includes("\n") ? item : readText(at, item, context);
      return documentsOf(text, at).map((content) => ({ at, content, target: undefined }));
    });
  return [...older, ...modern];
}

function readText(at: Cursor, path: string, context: Context): string | undefined {
  const file = join(context.folder, path);
  if (!existsSync(file)) {
    at.refuse(`names ${file}, which does not exist`);
    return undefined;
  }
  context.files.push(file);
  return readFileSync(file, "utf8");
}

function documentsOf(text: string | undefined, at: Cursor): unknown[] {
  return splitDocuments(text ?? "", "patch").flatMap((document) => {
    const { value, errors } = readDocument(document);
    for (const error of errors)
      at.refuse(`has a patch that cannot be read: line ${error.at.line}: ${error.message}`, error.hint);
    return errors.length > 0 ? [] : [value];
  });
}

function readTarget(at: Cursor): Target {
  at.only(["group", "version", "kind", "name", "namespace", "labelSelector"]);
  return at.stringMap();
}

function applyPatch(objects: readonly KubeObject[], { at, content, target }: Patch): KubeObject[] {
  const wanted = target ?? targetOf(content);
  if (!wanted) {
    at.refuse("needs a target, because a JSON patch does not name one");
    return [...objects];
  }
  let matched = false;
  const patched = objects.flatMap((object) => {
    if (!matches(object, wanted)) return [object];
    matched = true;
    return applyTo(object, content, at);
  });
  if (!matched)
    at.report("M931", "error", "patches nothing: no object matches its target", "check kind, name and namespace");
  return patched;
}

function targetOf(content: unknown): Target | undefined {
  if (!isRecord(content) || !isRecord(content["metadata"])) return undefined;
  const { name, namespace } = content["metadata"];
  return {
    kind: exactly(content["kind"]),
    name: exactly(name),
    ...(namespace === undefined ? {} : { namespace: exactly(namespace) }),
  };
}

/** A target's fields are regular expressions over the whole text. */
function exactly(text: unknown): string {
  return RegExp.escape(String(text));
}

function matches(object: KubeObject, target: Target): boolean {
  const { apiVersion, kind, metadata } = object;
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const fits = (pattern: string | undefined, text: string) => !pattern || new RegExp(`^(?:${pattern})$`).test(text);
  return (
    fits(target.group, groupOf(apiVersion)) &&
    fits(target.version, version) &&
    fits(target.kind, kind) &&
    fits(target.name, metadata.name) &&
    fits(target.namespace, metadata.namespace) &&
    (target.labelSelector ?? "")
      .split(",")
      .filter((term) => term !== "")
      .every((term) => metadata.labels[term.split("=")[0] ?? ""] === term.split("=").at(-1))
  );
}

function applyTo(object: KubeObject, content: unknown, at: Cursor): KubeObject[] {
  const raw = isRecord(object.raw) ? object.raw : {};
  if (!Array.isArray(content)) {
    const merged = isRecord(content) ? strategicMerge(raw, content) : raw;
    return merged ? [withContent(object, merged)] : [];
  }
  try {
    const patched = applyJsonPatch(raw, content);
    return [withContent(object, isRecord(patched) ? patched : {})];
  } catch (error) {
    at.refuse(
      `cannot be applied to ${object.kind} ${object.metadata.name}: ${error instanceof Error ? error.message : error}`,
    );
    return [object];
  }
}
