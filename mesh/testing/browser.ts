import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Where a Chromium is: `CHROMIUM_PATH`, or in PATH. Undefined when there is none; no test downloads one. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

/** What a test of pages is called when it cannot run. */
export const noChromium = "(skipped: no Chromium in PATH, and CHROMIUM_PATH is not set)";

/**
 * A browser that finds the hosts of a gateway wherever it listens.
 *
 * @param gateway `http://127.0.0.1:PORT`; all of `*.localhost:8080` leads there
 */
export function openBrowser(executablePath: string, gateway: string): Promise<Browser> {
  const { host } = new URL(gateway);
  const args = [`--host-resolver-rules=MAP *.localhost:8080 ${host}`];
  if (process.getuid?.() === 0) args.push("--no-sandbox"); // Chromium's sandbox does not start for root.
  return chromium.launch({ executablePath, args });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
