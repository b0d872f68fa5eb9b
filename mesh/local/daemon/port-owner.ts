import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Which process listens on a TCP port, as far as the system tells: "nginx (pid 812)"; undefined when it does not. */
export function ownerOfPort(port: number): string | undefined {
  try {
    return process.platform === "linux" ? linuxOwner(port) : lsofOwner(port);
  } catch {
    return undefined;
  }
}

function linuxOwner(port: number): string | undefined {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port)));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (socketsOf(pid).some((inode) => inodes.has(inode))) {
      return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (pid ${pid})`;
    }
  }
  return undefined;
}

/** Inodes of sockets in state LISTEN (0A) at the port: proc(5), /proc/net/tcp. */
function listeners(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === "0A")
    .map((fields) => fields[9] ?? "");
}

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode ? [inode] : [];
    });
  } catch {
    return []; // Not ours to look into, or it ended.
  }
}

function lsofOwner(port: number): string | undefined {
  const text = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { encoding: "utf8" });
  const pid = /^p(\d+)/m.exec(text)?.[1];
  return pid ? `${/^c(.+)/m.exec(text)?.[1] ?? "a process"} (pid ${pid})` : undefined;
}
