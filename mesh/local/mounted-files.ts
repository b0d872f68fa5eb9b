import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Where code generation puts the descriptors of the systems of this repository. */
export function defaultDescriptors(): string {
  return join(import.meta.dirname, "..", "..", "gen", "descriptors");
}

const mountPath = "/etc/mesh/descriptors/";

export interface MountedFiles {
  /** Differs when the content of a file does. */
  readonly fingerprint: string;
  find(path: string): string | undefined;
}

/**
 * Where files that are mounted in the cluster stand here. With a folder for `copies`, descriptors are copied to a path with the hash of
 * their content: Envoy reads them again only when the path has changed.
 */
export function mountedFiles(descriptors: string, copies?: string): MountedFiles {
  const known = new Map<string, string>();
  for (const file of descriptorFiles(descriptors)) {
    if (!copies) {
      known.set(basename(file), join(descriptors, file));
      continue;
    }
    const content = readFileSync(join(descriptors, file));
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const copy = join(copies, hash, file);
    if (!existsSync(copy)) {
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(`${copy}.new`, content);
      renameSync(`${copy}.new`, copy);
    }
    known.set(basename(file), copy);
  }
  return {
    fingerprint: [...known.values()].join(" "),
    find: (path) => (path.startsWith(mountPath) ? known.get(path.slice(mountPath.length)) : undefined),
  };
}

const services = new Map<string, ReadonlySet<string>>();

/** Full names of the services in a descriptor set; none when it cannot be read. */
export function servicesIn(descriptor: { readonly file: string } | { readonly base64: string }): ReadonlySet<string> {
  const key = "file" in descriptor ? descriptor.file : descriptor.base64;
  const kept = services.get(key);
  if (kept) return kept;
  const names = new Set<string>();
  try {
    const bytes = "file" in descriptor ? readFileSync(descriptor.file) : Buffer.from(descriptor.base64, "base64");
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
    for (const type of registry) if (type.kind === "service") names.add(type.typeName);
  } catch {
    return names; // Not there, or not a descriptor set: Envoy would find nothing in it either.
  }
  services.set(key, names);
  return names;
}

function descriptorFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".binpb")) : [];
}
