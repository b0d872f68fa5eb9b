import { copyFileSync, globSync, statSync, truncateSync } from "node:fs";

const everyMs = 30_000;
const largestBytes = 50 * 2 ** 20;

/**
 * Keeps log files from filling the disk: above 50 MB a file's content goes to `<file>.1` and it starts anew. Processes write by
 * appending, so that they need not know.
 */
export function rotateLogs(folder: string): { stop(): void } {
  const timer = setInterval(() => {
    for (const file of globSync(`${folder}/**/*.log`)) if (sizeOf(file) > largestBytes) startAnew(file);
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

export function startAnew(file: string): void {
  try {
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch {
    // A full disk: at least this file must not grow on.
    truncateSync(file);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
