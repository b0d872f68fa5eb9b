import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const mountPath = "/etc/mesh/descriptors/";

/**
 * Where files that are mounted in the cluster stand here. Descriptors are copied to a path with the hash of their content: Envoy
 * reads them again only when the path has changed.
 */
export function mountedFiles(descriptors: string, copies: string): (path: string) => string | undefined {
  const known = new Map<string, string>();
  for (const file of globSync("*.binpb", { cwd: descriptors })) {
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
  return (path) => (path.startsWith(mountPath) ? known.get(path.slice(mountPath.length)) : undefined);
}
