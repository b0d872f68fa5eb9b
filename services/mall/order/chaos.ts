import type { ChaosServiceService } from "#gen/proto/mall/order/v1/chaos.ts";
import type { Handlers } from "#mesh/service/handler.ts";

/**
 * Demonstration M-6: takes memory with every call and never gives it back, until the process is over its limit and is ended.
 *
 * @param bytes how much each call takes
 */
export function chaos(bytes: number): Handlers<typeof ChaosServiceService> {
  const leaked: Buffer[] = [];
  return {
    async leakMemory() {
      leaked.push(Buffer.alloc(bytes, 1)); // Filled, because the system gives memory only when it is written to.
      return { leakedBytes: BigInt(leaked.length) * BigInt(bytes) };
    },
  };
}
