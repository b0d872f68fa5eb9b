import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** How to start a program that refuses to run as root. */
export interface Identity {
  /** What to put before the program's own command line. */
  readonly prefix: readonly [string, ...string[]] | readonly [];
  /** Who it runs as and who must own its files; absent: whoever we are. */
  readonly user?: User;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const inNamespace = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] as const;

/**
 * An ordinary user stays himself. Root becomes the user `postgres` or `nobody`, if that user can reach `paths`; where it cannot
 * (a home or a temporary folder that is closed to others), root stays root, but in a user namespace that shows it as nobody,
 * which is possible on most Linux systems outside of containers.
 *
 * @throws when neither is possible; the message names the closed folder
 */
export async function chooseIdentity(paths: readonly string[]): Promise<Identity> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const { name, ...user } = await unprivilegedUser();
  const owners = new Set(paths.slice(1).map((path) => statSync(path).uid));
  const blocked = await firstUnreachable(user, paths);
  if (!blocked) return { prefix: [], user };
  if (owners.has(0) && (await canUnshare())) return { prefix: inNamespace };
  const closed = closedFolder(blocked, user);
  throw new Error(
    `PostgreSQL does not run as root, and its user "${name}" cannot reach ${blocked}, because ${closed} is closed to others; ` +
      `use a place outside (--state DIR), run as an ordinary user, or "chmod o+x ${closed}"`,
  );
}

async function unprivilegedUser(): Promise<User & { name: string }> {
  for (const name of ["postgres", "nobody"]) {
    try {
      const uid = Number((await run("id", ["-u", name])).stdout);
      const gid = Number((await run("id", ["-g", name])).stdout);
      if (uid > 0) return { name, uid, gid };
    } catch {
      // No such user; the next one.
    }
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody; run as an ordinary user");
}

async function firstUnreachable(user: User, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await run("test", ["-x", path], { ...user, cwd: "/" });
    } catch {
      return path;
    }
  }
  return undefined;
}

async function canUnshare(): Promise<boolean> {
  try {
    const [command, ...args] = inNamespace;
    await run(command, [...args, "true"]);
    return true;
  } catch {
    return false;
  }
}

function closedFolder(path: string, user: User): string {
  const folders = [path];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) folders.unshift(folder);
  const closed = folders.find((folder) => {
    const { mode, uid } = statSync(folder);
    return uid !== user.uid && (mode & 0o001) === 0;
  });
  return closed ?? dirname(path);
}
