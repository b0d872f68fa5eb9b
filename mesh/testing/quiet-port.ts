import { randomInt } from "node:crypto";
import { Ports } from "#mesh/local/daemon/ports.ts";

/** Each worker of a test run has its own part of the range: what one has chosen and not yet taken another must not choose. */
const [workers, width] = [8, 1_250];
const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % workers;
/** Somewhere in the first 1,000 of its part, for the sake of another run on this machine. */
const ports = new Ports((worker * width + randomInt(1_000)).toString(16));

/**
 * A TCP port on the loopback interface that nothing listens on, and that nobody gets by chance: no outgoing connection and no port 0 lands there. So a
 * server that is stopped, or killed, finds it free when it starts again.
 */
export function quietPort(): Promise<number> {
  return ports.take();
}
