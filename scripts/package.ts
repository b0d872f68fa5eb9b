// Bundles the published `mesh` command into dist/mesh.js, which needs nothing but Node 20, with the descriptors of Envoy's API
// beside it. `npm pack` runs it, after scripts/gen.ts.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

await build({
  absWorkingDir: root,
  entryPoints: ["mesh/cli/published.ts"],
  outfile: "dist/mesh.js",
  bundle: true,
  legalComments: "linked",
  platform: "node",
  target: "node20",
  format: "esm",
  // Packages that are CommonJS ask for Node's own modules by require.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "warning",
});

mkdirSync(join(root, "dist"), { recursive: true });
copyFileSync(join(root, "gen/envoy.binpb"), join(root, "dist/envoy.binpb"));
