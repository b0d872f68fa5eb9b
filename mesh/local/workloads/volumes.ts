import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Cursor } from "./cursor.ts";

/** A PersistentVolumeClaim where a container sees it. */
export interface MountedClaim {
  readonly claim: string;
  /** In the cluster's container: `/var/lib/promotion`. */
  readonly mountPath: string;
  /** The folder within the claim; empty for all of it. */
  readonly subPath: string;
}

/**
 * The PersistentVolumeClaims among a pod's volumes that its first container mounts. A volume of another kind is a finding, unless it is an emptyDir, for
 * which a process has the folder for temporary files.
 */
export function readClaims(
  pod: Cursor,
  container: Cursor,
  of: { namespace: string; objects: readonly KubeObject[] },
): MountedClaim[] {
  const claims = new Map<string, string>();
  for (const volume of pod.get("volumes").items()) {
    const claim = volume.get("persistentVolumeClaim", "claimName");
    const name = claim.string();
    if (name !== undefined) {
      if (!exists(name, of)) claim.refuse(`names no PersistentVolumeClaim of namespace ${of.namespace}`);
      claims.set(volume.get("name").string() ?? "", name);
    } else if (!volume.get("emptyDir").present) {
      volume.report("M921", "warning", "is not mounted locally");
    }
  }
  return container
    .get("volumeMounts")
    .items()
    .flatMap((mount) => {
      const claim = claims.get(mount.get("name").string() ?? "");
      const mountPath = mount.get("mountPath").required(mount.get("mountPath").string());
      if (claim === undefined || mountPath === undefined) return [];
      return [{ claim, mountPath: mountPath.replace(/(?<=.)\/+$/, ""), subPath: mount.get("subPath").string() ?? "" }];
    });
}

function exists(name: string, { namespace, objects }: { namespace: string; objects: readonly KubeObject[] }): boolean {
  return objects.some(
    ({ kind, metadata }) =>
      kind === "PersistentVolumeClaim" && metadata.namespace === namespace && metadata.name === name,
  );
}

/**
 * The environment of a process that sees no mounts: where a value names a path under a mount, it names the claim's folder here. The folders are made
 * and stay when the process, or the mesh, ends.
 *
 * @param folder of all claims; a claim's is `<folder>/<namespace>/<claim>`
 */
export function mountClaims(
  env: Readonly<Record<string, string>>,
  mounts: readonly MountedClaim[],
  { folder, namespace }: { folder: string; namespace: string },
): Record<string, string> {
  if (mounts.length === 0) return { ...env };
  const paths = new Map<string, string>();
  for (const { claim, mountPath, subPath } of mounts) {
    const path = join(folder, namespace, claim, subPath);
    mkdirSync(path, { recursive: true });
    paths.set(mountPath, path);
  }
  // All in one go, so that what has been put in place is not replaced again; the longest first, as a mount may lie under another.
  const longestFirst = [...paths.keys()].sort((a, b) => b.length - a.length).map((path) => RegExp.escape(path));
  const mounted = new RegExp(String.raw`(?<![\w.-])(?:${longestFirst.join("|")})(?![\w.-])`, "g");
  const local = Object.entries(env).map(([name, value]) => {
    return [name, value.replaceAll(mounted, (mountPath) => paths.get(mountPath) ?? mountPath)] as const;
  });
  return Object.fromEntries(local);
}
