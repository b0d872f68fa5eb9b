import { spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Runs a shell command once this process is gone, however it went: a shell waits at a pipe that only we hold. So a test run that is
 * killed leaves nothing behind.
 *
 * @param command its arguments are $1, $2, ...
 * @returns what calls it off
 */
export function afterUs(command: string, ...args: readonly string[]): () => void {
  const guard = spawn("sh", ["-c", `read -r _; ${command}`, "sh", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return () => void guard.kill("SIGKILL");
}
