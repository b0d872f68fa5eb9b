import { setTimeout as sleep } from "node:timers/promises";
import { envRange } from "./config.ts";

/** Makes handlers slow, for demonstrations. */
export type Chaos = () => Promise<void>;

/**
 * `CHAOS_DELAY_MS=400-620`: each handler starts that much later, evenly spread. `CHAOS_BLOCK_MS=50`: each handler blocks the event loop for so long, so
 * that under load the process stops answering its probes too. Undefined without either.
 */
export function openChaos(): Chaos | undefined {
  const delay = envRange("CHAOS_DELAY_MS");
  const block = envRange("CHAOS_BLOCK_MS");
  if (!delay && !block) return undefined;
  return async () => {
    if (delay) await sleep(pick(delay));
    if (block) spin(pick(block));
  };
}

function pick({ minMs, maxMs }: { minMs: number; maxMs: number }): number {
  return minMs + Math.random() * (maxMs - minMs);
}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
