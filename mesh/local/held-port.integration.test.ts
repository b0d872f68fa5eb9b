import { createServer, type Server } from "node:net";
import { expect, it } from "vitest";
import { HeldPort } from "./held-port.ts";

/** Undefined when the port is taken. */
function listen(port: number, reusePort: boolean): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port, exclusive: true, reusePort }, () => resolve(server));
  });
}

it.runIf(process.platform === "linux")("is nobody's but of those who share it, until it is let go of", async () => {
  const held = await HeldPort.choose();
  expect(await listen(held.port, false)).toBeUndefined();
  const sharing = await listen(held.port, true);
  expect(sharing).toBeDefined();
  await held.release();
  expect(await listen(held.port, false)).toBeUndefined();
  await new Promise((resolve) => sharing?.close(resolve));
});
