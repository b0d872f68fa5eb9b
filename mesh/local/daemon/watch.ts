import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type FSWatcher, watch } from "chokidar";

export interface WatchEvents {
  /** YAML that says what runs or how calls are treated. */
  onConfiguration(): void;
  onSource(file: string): void;
}

const folders = ["istio", "services", "mesh/service", "gen/proto", "gen/prisma", "gen/image.binpb", "gen/descriptors"];

/** Watches what the mesh is made from; paths are relative to the folder we stand in. */
export function watchRepository(overlays: readonly string[], events: WatchEvents): FSWatcher {
  const watcher = watch(
    [...folders, "skaffold.yaml", ...overlays].filter((path) => existsSync(path)),
    {
      ignoreInitial: true,
      atomic: false,
      ignored: (path) => /(^|\/)(node_modules|\.git|\.mesh)(\/|$)|\.test\.ts$|\.md$/.test(path),
    },
  );
  watcher.on("all", (_event, path) => {
    if (/\.(ya?ml|env|binpb)$/.test(path) && !path.endsWith("image.binpb")) events.onConfiguration();
    else events.onSource(resolve(path));
  });
  // Such as too many watches: what runs goes on, it only does not follow changes.
  watcher.on("error", () => {});
  return watcher;
}
