import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that systems give out by themselves: Linux's begin at 32768, everybody else's at 49152. */
const [lowest, highest] = [20_000, 32_000];
/** Each worker of a test run has its own: what one has chosen and not yet taken another must not choose. */
const workers = 8;
const width = (highest - lowest) / workers;
const given = new Set<number>();

/**
 * A TCP port on the loopback interface that nothing listens on, and that nobody gets by chance: no outgoing connection and no port 0 lands there. So a
 * server that is stopped, or killed, finds it free when it starts again.
 */
export async function quietPort(): Promise<number> {
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % workers;
  for (;;) {
    const port = lowest + worker * width + randomInt(width);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
