// Makes the bundle of one service, as `mesh up` runs it and as its image holds it.
//
//   node scripts/bundle.ts services/siren/product /app
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Bundler } from "#mesh/local/daemon/bundler.ts";

const [service, target] = process.argv.slice(2);
if (!service || !target) {
  console.error("usage: node scripts/bundle.ts services/<system>/<service> TARGET");
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), "bundle-"));
try {
  const bundler = new Bundler(join(import.meta.dirname, ".."), scratch);
  const { main } = await bundler.bundle("service", resolve(service, "main.ts"));
  cpSync(dirname(main), target, { recursive: true });
} finally {
  rmSync(scratch, { recursive: true });
}
