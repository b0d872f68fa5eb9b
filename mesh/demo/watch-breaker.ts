import type { RestAnswer } from "#mesh/local/rest.ts";
import { checkReason } from "./check-mixed.ts";
import { succeeded } from "./figures.ts";
import type { Stage } from "./stage.ts";

export interface BreakerWatch {
  /** Services of the system. */
  readonly caller: string;
  readonly callee: string;
  /** A call of the caller that needs the callee; undefined when there is nothing left to ask. */
  readonly call: () => Promise<RestAnswer> | undefined;
  /** What the caller answers when the callee is out of reach. */
  readonly reason: string;
}

/**
 * Shows a breaker at work on any machine: with the overlay `slow` every answer of the callee comes later than its caller waits. The
 * breaker opens, and closes by itself once nobody calls.
 */
export async function watchBreaker(stage: Stage, { caller, callee, call, reason }: BreakerWatch): Promise<void> {
  const name = `the breaker of ${caller} -> ${callee}`;
  await stage.apply("slow");
  const breakers = () => stage.breakers(caller, callee);
  const opens = () =>
    stage.eventually(`${name} opens`, async () => (await breakers()).some(({ state }) => state === "open"));
  const { answers } = await stage.load({
    title: `${callee} slower than ${caller} waits`,
    concurrency: 10,
    seconds: 5,
    call,
    meanwhile: async () => void (await opens()),
  });
  const refused = answers.filter((answer) => !succeeded(answer));
  checkReason(stage, refused, reason);
  await stage.eventually(`${name} closes by itself`, async () => {
    const now = await breakers();
    return now.length > 0 && now.every(({ state }) => state === "closed");
  });
  await stage.removeOverlays();
}
