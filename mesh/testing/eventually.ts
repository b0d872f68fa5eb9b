import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until `look` no longer throws and returns neither undefined nor false, and returns what it returned.
 *
 * @param withinMs how long to wait; then the last error, or "not within ...", is thrown. Default: 120 s, of which a quiet machine needs one or two
 */
export async function eventually<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs = 120_000, everyMs = 50 } = {},
): Promise<T> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    let problem: unknown;
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > giveUpAt) throw problem ?? new Error(`not within ${withinMs} ms: ${look}`);
    await sleep(everyMs);
  }
}
