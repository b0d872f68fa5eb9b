import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { EchoClient } from "./echo.ts";

/** Calls without a pause between them until stopped; tells how many there were and which failed. */
export function startTraffic(
  client: EchoClient,
  pauseMs = 2,
): { stop(): Promise<{ calls: number; failed: string[] }> } {
  const failed: string[] = [];
  let calls = 0;
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      calls++;
      const answer = await client.call();
      if (answer.code !== status.OK) failed.push(`${answer.code} ${answer.details}`);
      await sleep(pauseMs);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await running;
      return { calls, failed };
    },
  };
}
