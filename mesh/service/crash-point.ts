const target = process.env["MESH_CRASH_AT"];

/** Dies by SIGKILL here when `MESH_CRASH_AT` names this point: tests prove that a flow survives death between any two steps. */
export function crashPoint(name: string): void {
  if (target === name) process.kill(process.pid, "SIGKILL");
}
